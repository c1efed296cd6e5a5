"""Runs the speech engines for voice notes: `python -m local.speech --port 8095`."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import uvicorn

from local.ports import HOST
from local.speech.app import Engines, create_app


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(prog="python -m local.speech", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument(
        "--model-directory",
        type=Path,
        default=Path(os.environ.get("SPEECH_MODEL_DIRECTORY", ".local/models")),
        help="where the converted recogniser is kept",
    )
    parsed = parser.parse_args()

    def load_engines() -> Engines:
        from local.speech.engines import SpeechEngines

        return SpeechEngines(parsed.model_directory)

    uvicorn.run(
        create_app(load_engines),
        host=HOST,
        port=parsed.port,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=2,
    )


if __name__ == "__main__":
    main()
