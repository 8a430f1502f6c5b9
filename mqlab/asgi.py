"""What a server runs: static files first, then sockets of our own pages, then Django."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mqlab.settings")
django_application = get_asgi_application()  # sets Django up; what follows imports models

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402

from mqlab.lab.routing import websocket_urlpatterns  # noqa: E402
from mqlab.origin import SameOrigin  # noqa: E402
from mqlab.static_files import StaticFiles  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": StaticFiles(django_application),
        "websocket": SameOrigin(URLRouter(websocket_urlpatterns)),
    }
)
