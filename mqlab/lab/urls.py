"""The lab's addresses."""

from django.urls import path

from mqlab.lab import compare, imports, links, qr, rules, views

app_name = "lab"
urlpatterns = [
    path("", views.home, name="home"),
    path("lab/", views.gallery, name="gallery"),
    path("lab/compare/", compare.compare, name="compare"),
    path("lab/compare/recordings", compare.recordings, name="compare_recordings"),
    path("lab/compare/<slug:id>/", compare.compared, name="compared"),
    path("lab/<slug:slug>/", views.stage, name="stage"),
    path("lab/<slug:slug>/recording", views.own_recording, name="own_recording"),
    path("r/", links.packed, name="packed"),
    path("r/<slug:id>", views.recording, name="recording"),
    path("r/<slug:id>/qr.svg", qr.picture, name="qr"),
    path("r/<slug:id>/share", views.share, name="share"),
    path("r/<slug:id>/scenario.yaml", links.scenario_file, name="scenario_file"),
    path("r/<slug:id>/events.ndjson", links.events_file, name="events_file"),
    path("definitions/", imports.definitions, name="definitions"),
    path("rules/", rules.book, name="rules"),
    path("rules/<str:kind>/<slug:name>/show", rules.show, name="show_rule"),
]
