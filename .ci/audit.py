"""Looks up every pinned dependency in PyPI's list of known vulnerabilities.

    .venv/bin/python .ci/audit.py requirements.txt ...

Exit code 1 where there is one. Where the list cannot be reached nothing is known, which is said
and is no failure: a check must not depend on the network. (pip-audit alone would say "no known
vulnerabilities" of dependencies that it could not look up.)
"""

import json
import subprocess
import sys
from pathlib import Path


def main(requirements: list[str]) -> int:
    """Audit these files."""
    command = [str(Path(sys.executable).with_name("pip-audit")), "--format", "json"]
    # Everything is pinned, the transitive ones too: there is nothing for pip to resolve.
    command += ["--no-deps", "--disable-pip", "--progress-spinner", "off", "--timeout", "15"]
    for name in requirements:
        command += ["--requirement", name]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    try:
        dependencies = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        last = (done.stderr.strip() or done.stdout.strip() or "it said nothing").splitlines()[-1]
        _say(f"Not audited, the list of vulnerabilities could not be reached: {last}")
        return 0
    skipped = [each["name"] for each in dependencies if "skip_reason" in each]
    vulnerable = [each for each in dependencies if each.get("vulns")]
    if skipped:
        _say(f"Not audited, the index in use knows nothing of them: {_listed(skipped)}")
    for each in vulnerable:
        known = "; ".join(
            f"{found['id']}, fixed in {', '.join(found['fix_versions']) or 'no release yet'}"
            for found in each["vulns"]
        )
        _say(f"VULNERABLE: {each['name']} {each['version']}: {known}")
    _say(f"{len(dependencies) - len(skipped)} audited, {len(vulnerable)} vulnerable.")
    return 1 if vulnerable else 0


def _listed(names: list[str], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _say(words: str) -> None:
    print(f"pip-audit: {words}")  # noqa: T201 - its whole purpose is to tell


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
