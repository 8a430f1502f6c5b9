"""`manage.py lab`: the product in one command. Whatever stands in its way is said in one sentence, with what
to do about it, and exit code 2."""

from __future__ import annotations

import errno
import gc
import os
import socket
import sys
import threading
import webbrowser
from pathlib import Path
from typing import Any, ClassVar, NoReturn

from django.conf import settings
from django.core.management import BaseCommand, CommandParser, call_command
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from mqlab.lab.qr import for_terminal
from mqlab.live.limits import FRAME_BYTES_MAX
from mqlab.static_files import collect_if_changed

LINGER_S = 1.5  # after Ctrl-C, a request that will not end is left behind


class CannotStart(Exception):
    """The sentence that says why, and what to do."""


class Command(BaseCommand):
    """Migrate, collect static files, load content, serve, say where to look."""

    help = "Start mqlab on this machine and print its address."
    requires_system_checks: ClassVar[list[str]] = []  # `manage.py check` is for developers

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """The usual one, except that a bad option is answered with a sentence."""
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.error = _refuse_option  # type: ignore[method-assign]
        return parser

    def add_arguments(self, parser: CommandParser) -> None:
        """The port, for whom, and whether to open a browser."""
        parser.add_argument("--port", type=int, default=8000, help="default 8000; 0 takes any free one")
        parser.add_argument("--no-browser", action="store_true", help="only print the address")
        parser.add_argument("--lan", action="store_true", help="for the machines on this network too")

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve until Ctrl-C or SIGTERM."""
        try:
            if not 0 <= options["port"] <= 65_535:
                raise CannotStart(f"--port {options['port']} is no port; choose one from 1024 to 65535.")
            if options["lan"] and settings.MODE != "lan":  # an abbreviation, or called by another program
                raise CannotStart("Write the option out as --lan, or set MQLAB_MODE=lan.")
            prepare_data_folder()
            refuse_taken_port(options["port"])
            prepare_database()
            collect()
            self.report_content()
            self.serve(options["port"], open_browser=not options["no_browser"])
        except CannotStart as why:
            self.stderr.write(str(why))
            sys.exit(2)

    def report_content(self) -> None:
        """Read every scenario once: its author wants to hear of a mistake now, not from a visitor."""
        from mqlab.lab import catalogue

        catalogue.entries()

    def serve(self, port: int, *, open_browser: bool) -> None:
        """Run Daphne in this process until it is told to stop.

        Raises CannotStart where the port was taken in the meantime."""
        from daphne.server import Server  # installs Twisted's reactor, hence not at the top
        from twisted.internet import reactor

        from mqlab.asgi import application

        def announce() -> None:
            if not server.listening_addresses:
                return
            # A frame that is too big is answered with close code 1009, not with a dropped connection; a null origin is
            # for our own check to refuse, as Daphne has it, and this call would forget that.
            server.ws_factory.setProtocolOptions(failByDrop=False, allowNullOrigin=True)
            address = f"http://{settings.LISTEN_ADDRESS}:{server.listening_addresses[0][1]}/"
            if settings.MODE == "lan":
                self.show_to_class(address)
            self.stdout.write(f"mqlab runs at {address}  (Ctrl-C ends it)")
            self.stdout.flush()
            if open_browser and has_screen():
                threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()

        server = Server(
            application,
            endpoints=[f"tcp:port={port}:interface={settings.LISTEN_ADDRESS}"],
            websocket_max_message_size=FRAME_BYTES_MAX,
            websocket_max_frame_size=FRAME_BYTES_MAX,
            application_close_timeout=1,
            server_name="mqlab",
            ready_callable=announce,
        )
        reactor.addSystemEventTrigger("before", "shutdown", leave_soon)  # type: ignore[attr-defined]
        gc.collect()
        # Dropped worlds break their own circles (World.discard), so full collections, which stop everybody, may be rare.
        gc.set_threshold(20_000, 50, 200)
        gc.freeze()  # what was loaded until here stays for good: later collections need not look at it
        server.run()
        if not server.listening_addresses:
            raise CannotStart(port_taken(port))

    def show_to_class(self, address: str) -> None:
        """The address as a QR code, where the terminal has the characters for it."""
        self.stdout.write("Everybody on this network can open mqlab. Stop it when the class is over.")
        drawn = for_terminal(address, colours=sys.stdout.isatty())
        try:
            drawn.encode(sys.stdout.encoding)
        except UnicodeEncodeError:
            return
        self.stdout.write(drawn)


def _refuse_option(message: str) -> NoReturn:
    sys.stderr.write(f"manage.py lab: {message}. It takes --port NUMBER, --no-browser and --lan.\n")
    sys.exit(2)


def prepare_data_folder() -> None:
    """Make the data folder and try to write there; nobody else may read it.

    Raises CannotStart where that fails."""
    folder: Path = settings.DATA_DIR
    probe = folder / f".writable.{os.getpid()}"
    try:
        if not folder.exists():
            folder.mkdir(parents=True, mode=0o700)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise CannotStart(_cannot_write(error)) from error


def _cannot_write(error: OSError) -> str:
    return (
        f"mqlab cannot write to {settings.DATA_DIR} ({error.strerror}): make that folder writable, "
        "or name another one in the environment variable MQLAB_DATA."
    )


def refuse_taken_port(port: int) -> None:
    """Raise CannotStart where something listens there already, or where we may not."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as attempt:
        if os.name == "posix":  # elsewhere this option means sharing the port
            attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((settings.LISTEN_ADDRESS, port))
        except PermissionError as error:
            raise CannotStart(
                f"Port {port} is reserved on this machine; choose one from 1024 to 65535."
            ) from error
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise CannotStart(f"mqlab cannot listen on port {port}: {error.strerror}.") from error
            raise CannotStart(port_taken(port)) from error


def port_taken(port: int) -> str:
    """The sentence for it."""
    return f"Port {port} is taken: stop what runs there, or choose another one with --port {port + 1}."


def prepare_database() -> None:
    """Bring the database's tables up to date, if they are not. Raises CannotStart where that fails."""
    try:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            call_command("migrate", interactive=False, verbosity=0)
    except DatabaseError as error:
        raise CannotStart(
            f"The database {settings.DATABASES['default']['NAME']} cannot be used ({error}): "
            "end other programs that use it, or move it away and a new one is made."
        ) from error
    finally:
        connection.close()


def collect() -> None:
    """Collect the static files, if one has changed. Raises CannotStart where that fails."""
    try:
        collect_if_changed()
    except OSError as error:
        raise CannotStart(_cannot_write(error)) from error


def has_screen() -> bool:
    """Whether a browser window would appear before the person who started this."""
    if not sys.stdout.isatty() or "SSH_CONNECTION" in os.environ:
        return False
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def leave_soon() -> None:
    """Nothing that still runs may hold up the end; what was accepted is in the database already."""
    timer = threading.Timer(LINGER_S, os._exit, (0,))
    timer.daemon = True
    timer.start()
