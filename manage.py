#!/usr/bin/env python3
"""The entry point: `manage.py lab` starts mqlab, `manage.py help` lists the other commands."""

import os
import sys


def main() -> None:
    """Run a command. What a user can put right is said in one sentence, with exit code 2."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mqlab.settings")
    lan = sys.argv[1:2] == ["lab"] and "--lan" in sys.argv[2:]  # the settings are read before the options are
    if lan and os.environ.setdefault("MQLAB_MODE", "lan") != "lan":
        stop(f"--lan and MQLAB_MODE={os.environ['MQLAB_MODE']} exclude each other: leave one of them out.")
    try:
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line
    except ImportError as error:
        stop(f"Dependencies of mqlab are missing ({error}): start it with `make run`, or see README.md.")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        stop(str(error))
    except KeyboardInterrupt:
        sys.exit(130)


def stop(why: str) -> None:
    """End with one sentence and exit code 2."""
    print(why, file=sys.stderr)
    sys.exit(2)


if __name__ == "__main__":
    main()
