"""The site's one socket address."""

from django.urls import path

from mqlab.lab.consumer import LabConsumer

websocket_urlpatterns = [path("ws/lab/", LabConsumer.as_asgi())]
