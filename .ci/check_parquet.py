"""Reads Parquet exports with DuckDB and holds them against what the sandbox's API says.

Usage: check_parquet.py PATH-OF-TICKETHAUL (needs the package `duckdb`)
"""

import datetime
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter

import duckdb

TOOL = os.path.abspath(sys.argv[1])
TICKETS = 3_000
LAG = 3


def call(method, path, body=None):
    """Makes a call to the sandbox."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": "Bearer sandbox", "Content-Type": "application/json"}
    request = urllib.request.Request(URL + path, data, headers, method=method)
    with urllib.request.urlopen(request) as reply:
        return json.loads(reply.read() or b"null")


def fill():
    """Properties of every type, and tickets that use them."""
    kinds = {"size": ("number", "number"), "due": ("date", "date"), "marks": ("enumeration", "checkbox")}
    for name, (kind, field) in kinds.items():
        body = {"name": name, "label": name, "groupName": "ticketinformation", "type": kind, "fieldType": field}
        if name == "marks":
            body["options"] = [{"label": tag, "value": tag} for tag in "abc"]
        call("POST", "/crm/v3/properties/tickets", body)
    for start in range(0, TICKETS, 100):
        inputs = [{"properties": ticket(n)} for n in range(start, start + 100)]
        call("POST", "/crm/v3/objects/tickets/batch/create", {"inputs": inputs})


def ticket(n):
    """The n-th ticket; every seventh has neither size nor marks."""
    values = {
        "subject": f'Ticket "{n}"\nü',
        "hs_pipeline_stage": str(1 + n % 4),
        "due": f"2026-02-{1 + n % 28:02}",
        "createdate": f"2025-{1 + n % 12:02}-{1 + n % 28:02}T23:59:59.{n % 1000:03}Z",
    }
    if n % 7:
        values |= {"size": str(n / 4), "marks": "a;c" if n % 2 else "b"}
    return values


def listed():
    """All tickets as the API gives them, by one cursor."""
    properties, after, tickets = "subject,hs_pipeline_stage,size,due,marks,createdate,hs_is_closed", None, []
    while True:
        path = f"/crm/v3/objects/tickets?limit=100&properties={properties}"
        page = call("GET", path + (f"&after={after}" if after else ""))
        tickets += [one["properties"] | {"id": one["id"]} for one in page["results"]]
        if "paging" not in page:
            return tickets
        after = page["paging"]["next"]["after"]


def check(what, read, expected):
    """Fails where the two differ."""
    if read != expected:
        sys.exit(f"{what}: DuckDB reads {read!r}, the portal has {expected!r}")
    print(f"{what}: {str(read)[:70]}")


def compare(table, tickets):
    """Counts and aggregates of every type."""
    one = lambda sql: duckdb.sql(sql.replace("TABLE", table)).fetchall()[0][0]
    sizes = [float(t["size"]) for t in tickets if t.get("size")]
    check("tickets", one("select count(*) from TABLE"), len(tickets))
    check("ids", one("select sum(hs_object_id) from TABLE"), sum(int(t["id"]) for t in tickets))
    check("without size", one("select count(*) from TABLE where size is null"), len(tickets) - len(sizes))
    check("sum of sizes", one("select sum(size) from TABLE"), sum(sizes))
    check("mark c", one("select count(*) from TABLE where list_contains(marks, 'c')"),
          sum("c" in (t.get("marks") or "").split(";") for t in tickets))
    check("closed", one("select count(*) from TABLE where hs_is_closed"), sum(t["hs_is_closed"] == "true" for t in tickets))
    check("last due", one("select max(due) from TABLE"), max(datetime.date.fromisoformat(t["due"]) for t in tickets))
    stamp = lambda t: round(datetime.datetime.fromisoformat(t["createdate"]).timestamp() * 1000)
    check("milliseconds", one("select sum(epoch_ms(createdate)) from TABLE"), sum(map(stamp, tickets)))
    subjects = {int(t["id"]): t["subject"] for t in tickets}
    check("subjects", dict(duckdb.sql(f"select hs_object_id, subject from {table}").fetchall()) == subjects, True)


def stir(ids):
    """What others do between two nights: 25 tickets are deleted and two merged into one; three are new."""
    batch = lambda inputs: {"inputs": inputs}
    named = lambda some: batch([{"id": one} for one in some])
    change = {"subject": "changed", "createdate": "2026-03-01T00:00:00Z", "size": "7"}
    call("POST", "/crm/v3/objects/tickets/batch/update", batch([{"id": one, "properties": change} for one in ids[:50]]))
    call("POST", "/crm/v3/objects/tickets/batch/archive", named(ids[50:80]))
    call("POST", "/_sandbox/tickets/restore", named(ids[50:55]))
    call("POST", "/_sandbox/tickets/purge", named(ids[55:60]))
    call("POST", "/crm/v3/objects/tickets/merge", {"primaryObjectId": ids[90], "objectIdToMerge": ids[91]})
    call("POST", "/crm/v3/objects/tickets/batch/create", batch([{"properties": ticket(n)} for n in range(3)]))


def link(ids):
    """A contact for each of these tickets."""
    contact = lambda one: {
        "properties": {"email": f"c{one}@example.com"},
        "associations": [{"to": {"id": one}, "types": [
            {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 15}]}],
    }
    call("POST", "/crm/v3/objects/contacts/batch/create", {"inputs": [contact(one) for one in ids]})


# Where the files of each table of a data set are.
TABLES = {
    "tickets": "*/*", "history": "*/*", "links": "*/*", "contacts": "*", "deleted": "*",
    "owners": "*", "pipelines": "*", "stages": "*", "properties": "*",
}


def same(folder):
    """The data set that was brought up to date is a full export: no row more, less or other.

    Of what was purged before its time the full export can't know.
    """
    for table, files in TABLES.items():
        rows = [
            f"select * exclude (_extracted_at, _run_id) from read_parquet('{folder}/{name}/{table}/{files}.parquet')"
            + (" where how <> 'purged'" if table == "deleted" else "")
            for name in ("lake", "fresh")
        ]
        for one, other in (rows, rows[::-1]):
            check(f"{table} alone in one", len(duckdb.sql(f"{one} except all {other}").fetchall()), 0)


def data_set(folder, wanted):
    """A data set, night after night, of a portal that others change and whose search index is late."""
    nightly = [TOOL, "export", "--quiet", "--properties", wanted, "--history", "hs_pipeline_stage"]
    nightly += ["--with", "contacts.email", "--since", "last", "--format", "parquet", "-o"]
    ids = [t["id"] for t in tickets]
    link(ids[40:60])
    subprocess.run([*nightly, f"{folder}/lake"], check=True)
    stir(ids)
    link(ids[100:110])
    # The index does not show all of it yet; the next night's run finds what this one misses.
    subprocess.run([*nightly, f"{folder}/lake"], check=True)
    time.sleep(LAG + 1)
    subprocess.run([*nightly, f"{folder}/lake"], check=True)
    subprocess.run([*nightly, f"{folder}/fresh"], check=True)
    held = lambda table: f"read_parquet('{folder}/lake/{table}/{TABLES[table]}.parquet')"
    one = lambda sql: duckdb.sql(sql).fetchall()[0][0]
    check("tickets held", one(f"select count(*) from {held('tickets')}"), len(tickets) - 25 - 2 + 1 + 3)
    files = f"{folder}/lake/tickets/*/*.parquet"
    told = duckdb.sql(f"select distinct decode(key) from parquet_kv_metadata('{files}')").fetchall()
    wanted = [f"tickethaul.{word}" for word in ("extracted_at", "portal", "run", "version")]
    check("metadata", sorted(key for (key,) in told if key.startswith("tickethaul.")), wanted)
    how = dict(duckdb.sql(f"select how, count(*) from {held('deleted')} group by all").fetchall())
    check("deleted", how, {"archived": 20, "merged": 2, "purged": 5})
    same(folder)


os.environ["TICKETHAUL_SANDBOX_TOKEN"] = "sandbox"
server = subprocess.Popen([TOOL, "sandbox", "--rate", "off", "--switch", f"search_lag={LAG}s"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
try:
    URL = server.stdout.readline().strip()
    os.environ |= {"TICKETHAUL_BASE_URL": URL, "HUBSPOT_ACCESS_TOKEN": "sandbox"}
    fill()
    tickets = listed()
    with tempfile.TemporaryDirectory() as folder:
        wanted = "subject,hs_pipeline_stage,size,due,marks,createdate,hs_is_closed"
        export = [TOOL, "export", "--quiet", "--properties", wanted, "--history", "hs_pipeline_stage"]
        export += ["--format", "parquet", "-o"]
        subprocess.run([*export, f"{folder}/all.parquet"], check=True)
        subprocess.run([*export, f"{folder}/parts", "--partition-by", "month(createdate)"], check=True)
        parts = f"read_parquet('{folder}/parts/tickets/*/*.parquet', hive_partitioning = true)"
        compare(f"'{folder}/all.parquet'", tickets)
        compare(parts, tickets)
        for history in ("all.history.parquet", "parts/history/*/*.parquet"):
            sql = f"""select value, count(*) from '{folder}/{history}' where epoch_ms("at") > 0 group by all"""
            stages = Counter(t["hs_pipeline_stage"] for t in tickets)
            check(history, dict(duckdb.sql(sql).fetchall()), dict(stages))
        data_set(folder, wanted)
        months = duckdb.sql(f"select createdate_month, count(*) from {parts} group by all").fetchall()
        check("months", {str(month): count for month, count in months}, dict(Counter(t["createdate"][:7] for t in tickets)))
finally:
    server.terminate()
    server.wait()
