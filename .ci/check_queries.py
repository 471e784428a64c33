"""Runs the SQL of docs with DuckDB, on a data set made as docs/nightly-reporting.md says.

Usage: check_queries.py PATH-OF-TICKETHAUL (needs the package `duckdb`)
"""

import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

import duckdb

TOOL = os.path.abspath(sys.argv[1])
ROOT = pathlib.Path(__file__).resolve().parent.parent
CHAPTER = (ROOT / "docs/nightly-reporting.md").read_text()
# Of a portal into which nobody has deleted anything.
MAY_BE_EMPTY = "lake/deleted/"


def blocks(text, language):
    """The blocks of code of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.M | re.S)


def run(line, expected):
    """Runs a command of the chapter in the folder of samples and mappings."""
    command = [TOOL, *shlex.split(line, comments=True)[1:]]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode != expected:
        sys.exit(f"{line}: exit code {ended.returncode}\n{ended.stderr}")


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    os.environ |= {"HOME": folder, "XDG_DATA_HOME": folder}
    os.symlink(ROOT / "samples", "samples")
    first_night = blocks(CHAPTER, "sh")[0].replace("\\\n", "").splitlines()
    run(first_night[0], 3)
    run(first_night[1], 0)
    queries = blocks(CHAPTER, "sql") + blocks((ROOT / "docs/data-sets.md").read_text(), "sql")
    if len(queries) < 7:
        sys.exit(f"only {len(queries)} queries are found")
    for query in queries:
        rows = duckdb.sql(query.strip().rstrip(";")).fetchall()
        if not rows and MAY_BE_EMPTY not in query:
            sys.exit(f"no rows come of:\n{query}")
        print(f"{len(rows)} rows: {query.splitlines()[0]}")
