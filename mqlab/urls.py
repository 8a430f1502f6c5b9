"""The site's addresses: those of every app of mqlab that has a urls.py, found by looking."""

from django.apps import apps
from django.urls import include, path
from django.utils.module_loading import module_has_submodule

urlpatterns = [
    path("", include(f"{app.name}.urls"))
    for app in apps.get_app_configs()
    if app.name.startswith("mqlab.") and module_has_submodule(app.module, "urls")
]
