"""schemathesis by its own command against a running server, as somebody of every role.

    python -m benchmarks.schemathesis_run [--examples 20] [--role patient ...]

Prints one line a role; what failed is printed before it. The exit code is 1 if anything did.
Every check of schemathesis is asked but these:

- `positive_data_acceptance` of the operations in `tests/flow/test_schemathesis.py`, for the reasons
  that stand there;
- `ignored_auth`: many routes are for everybody, and answer the same without a session;
- `use_after_free`, `ensure_resource_availability`: for stateful runs, which need links.

`erase_me` and `close_session` are left out: they end the session all the others need.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from benchmarks.schemathesis_hooks import TOKEN
from cardioalert.care import accounts
from cardioalert.care.desk import OPERATOR, Desk
from cardioalert.care.opening import open_desk
from cardioalert.security.policy import ROLES
from tests.flow.serving import serving
from tests.flow.test_schemathesis import CANNOT_BE_SAID, LEFT_ALONE, PASSWORD, known

ROOT = Path(__file__).parents[1]
NOT_ASKED = "ignored_auth,use_after_free,ensure_resource_availability"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--examples", type=int, default=20)
    parser.add_argument("--role", action="append", choices=("nobody", *ROLES))
    parser.add_argument("--seed", type=int, default=1)
    wish = parser.parse_args()
    failed = False
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        desk = open_desk(f"sqlite:///{folder}/care.db", folder / "keys.json")
        tokens = people(replace(desk, files=folder / "files"))
        settings = folder / "schemathesis.toml"
        settings.write_text("\n".join(map(not_said, CANNOT_BE_SAID)))
        with serving({"CARDIOALERT_DATA_DIR": name}, limited=False) as server:
            for role in wish.role or ("nobody", *ROLES):
                words = [
                    *(str(Path(sys.executable).with_name("st")), "--config-file", str(settings)),
                    *("run", f"{server.url}/v1/openapi.json", "--seed", str(wish.seed)),
                    *("--phases", "examples,coverage,fuzzing", "-n", str(wish.examples)),
                    *("--exclude-checks", NOT_ASKED, "--continue-on-failure"),
                ]
                for operation in sorted(LEFT_ALONE):
                    words += ["--exclude-operation-id", operation]
                failed |= run(role, words, folder, token=tokens.get(role, ""))
    sys.exit(failed)


def people(desk: Desk) -> dict[str, str]:
    """Make somebody of every role, and a visit and an analysis of the first patient."""
    tokens, patient = {}, ""
    for number, role in enumerate(ROLES):
        login = f"+99890100{number:04}"
        account = accounts.add_account(
            desk, OPERATOR, login=login, role=role, password=PASSWORD,
            clinic_id=None if role in ("patient", "relative") else "demo-samarkand-1",
        )  # fmt: skip
        patient = patient or str(account.patient_id)
        tokens[role] = accounts.sign_in(desk, login=login, password=PASSWORD).access
    known(desk, patient)
    return tokens


def not_said(operation: str) -> str:
    return (
        f'[[operations]]\ninclude-operation-id = "{operation}"\n'
        "checks.positive_data_acceptance.enabled = false\n"
    )


def run(role: str, words: list[str], folder: Path, *, token: str) -> bool:
    """Run schemathesis as somebody; return whether anything failed."""
    environment = os.environ | {
        "SCHEMATHESIS_HOOKS": "benchmarks.schemathesis_hooks",
        "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))),
    }
    if token:
        environment[TOKEN] = token
    done = subprocess.run(
        words, env=environment, capture_output=True, text=True, check=False, cwd=folder
    )
    if done.returncode:
        print(done.stdout[done.stdout.find("FAILURES") :], done.stderr)
    cases = re.search(r"(\d+) generated.*", done.stdout)
    tested = re.search(r"Tested: (\d+)", done.stdout)
    print(
        f"| {role} | {tested[1] if tested else '?'} operations | {cases[0] if cases else '?'} "
        f"| exit {done.returncode} |",
        flush=True,
    )
    return done.returncode != 0


if __name__ == "__main__":
    main()
