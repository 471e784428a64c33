"""HubSpot's client of the dated versions (hubspot-sdk from PyPI) against the sandbox.

    python tests/python/dated_client.py http://127.0.0.1:PORT TOKEN

Its classes are made from HubSpot's own specification, and every reply is held against
them: what the sandbox answers on dated paths must have the declared form, where two
things are switched that live portals do otherwise (--switch link_ids=string --switch
unset_property=omitted). Walks through
tickets, properties, pipelines, owners, associations and the account. Ends with the
number of calls, or with the first one that failed.
"""

import sys

from hubspot_sdk import HubSpot

CALLS = 0


def ask(words, call):
    """The reply of a call, which must succeed and have the declared form."""
    global CALLS
    CALLS += 1
    try:
        return call()
    except Exception as error:
        raise SystemExit(f"{words}: {type(error).__name__}: {error}") from error


def equal(got, expected, words):
    if got != expected:
        raise SystemExit(f"{words}: {got!r} is not {expected!r}")


def account(client):
    info = ask("the account", client.account.get)
    equal(info.time_zone, "UTC", "the account's zone")
    usage = ask("calls of the day", client.account.get_daily_private_apps_usage)
    equal(len(usage.results), 1, "counters of calls")
    ask("kinds of the account's own", client.crm.object_schemas.list)
    owners = ask("owners", lambda: list(client.crm.owners.list()))
    equal(len(owners) > 0, True, "there are owners")


def row(subject, stage="1"):
    """An input of a batch create, with its subject as trace id."""
    return {
        "properties": {"subject": subject, "hs_pipeline_stage": stage},
        "associations": [],
        "object_write_trace_id": subject,
    }


def tickets(client):
    api = client.crm.objects.tickets
    values = {"subject": "one", "hs_pipeline_stage": "1"}
    made = ask("create", lambda: api.create(properties=values, associations=[]))
    wanted = {"properties": ["subject"], "properties_with_history": ["subject"]}
    read = ask("read", lambda: api.get(made.id, associations=["contacts"], **wanted))
    equal(read.properties["subject"], "one", "the subject that was read")
    ask("update", lambda: api.update(made.id, properties={"subject": "another"}))
    batch = ask("batch create", lambda: api.batch.create(inputs=[row("a"), row("b")]))
    equal(len(batch.results), 2, "tickets of a batch")
    mixed = ask("batch with a bad row", lambda: api.batch.create(inputs=[row("c"), row("d", "99")]))
    equal(len(mixed.results), 1, "good rows of a batch with a bad one")
    ids = [{"id": one.id} for one in batch.results]
    read = {"properties": ["subject"], "properties_with_history": []}
    found = ask("batch read", lambda: api.batch.get(inputs=ids, **read))
    equal(len(found.results), 2, "tickets that were read")
    ask("batch read of a missing one", lambda: api.batch.get(inputs=[*ids, {"id": "5"}], **read))
    changes = [{**one, "properties": {"subject": "changed"}} for one in ids]
    ask("batch update", lambda: api.batch.update(inputs=changes))
    listed = ask("the list, page by page", lambda: list(api.list(limit=2, properties=["subject"])))
    equal(len(listed) >= 4, True, "tickets that were listed")
    group = {"filters": [{"propertyName": "subject", "operator": "HAS_PROPERTY"}]}
    query = {"filter_groups": [group], "properties": ["subject"], "sorts": ["-createdate"]}
    ask("search", lambda: api.search(after="0", limit=100, **query))
    ask("batch archive", lambda: api.batch.delete(inputs=ids))
    return made.id


def properties(client):
    api = client.crm.properties
    text = {"field_type": "text", "group_name": "ticketinformation", "type": "string"}
    made = ask(
        "a unique property",
        lambda: api.create("tickets", name="sdk_key", label="Key", has_unique_value=True, **text),
    )
    equal(made.has_unique_value, True, "its uniqueness")
    ask("all properties", lambda: api.list("tickets"))
    ask("one property", lambda: api.get("sdk_key", object_type="tickets"))
    names = [{"name": "sdk_key"}, {"name": "nowhere"}]
    ask(
        "properties by name, one of them missing",
        lambda: api.batch.get(
            "tickets", archived=False, data_sensitivity="non_sensitive", inputs=names
        ),
    )
    values = {"sdk_key": "1", "subject": "by key", "hs_pipeline_stage": "1"}
    keyed = [{"id": "1", "id_property": "sdk_key", "properties": values}]
    upserted = ask("upsert", lambda: client.crm.objects.tickets.batch.upsert(inputs=keyed))
    equal(upserted.results[0].new, True, "a ticket that was not there")
    ask("a new label", lambda: api.update("sdk_key", object_type="tickets", label="My key"))
    ask("groups", lambda: api.groups.list("tickets"))
    ask("a new group", lambda: api.groups.create("tickets", name="sdk_group", label="Mine"))
    ask("its end", lambda: api.groups.delete("sdk_group", object_type="tickets"))


def pipelines(client):
    api = client.crm.pipelines
    state = {"ticketState": "OPEN"}
    stage = {"displayOrder": 0, "label": "First", "metadata": state}
    made = ask(
        "a pipeline",
        lambda: api.create("tickets", display_order=9, label="By SDK", stages=[stage]),
    )
    at = {"object_type": "tickets", "pipeline_id": made.id}
    last = ask("a stage", lambda: api.create_stage(display_order=1, label="L", metadata=state, **at))
    ask("stages", lambda: api.list_stages(made.id, object_type="tickets"))
    ask("a stage replaced", lambda: api.update_stage_all_properties(
        last.id, display_order=2, label="Last", metadata=state, **at
    ))
    ask("what became of it", lambda: api.list_stage_audit(last.id, **at))
    ask("its end", lambda: api.delete_stage(last.id, **at))
    kept = {**stage, "stageId": made.stages[0].id}
    replaced = ask("the pipeline replaced", lambda: api.update_all_properties(
        made.id, object_type="tickets", display_order=8, label="Replaced", stages=[kept]
    ))
    equal(replaced.stages[0].id, made.stages[0].id, "the stage that was named")
    ask("what became of it", lambda: api.list_audit(made.id, object_type="tickets"))
    ask("its end", lambda: api.delete(made.id, object_type="tickets"))
    ask("all pipelines", lambda: api.list("tickets"))


def associations(client, ticket):
    api = client.crm.associations
    values = {"email": "sdk@associations.example"}
    contacts = client.crm.objects.contacts
    contact = ask("a contact", lambda: contacts.create(properties=values, associations=[])).id
    ends = {"from_object_type": "tickets"}
    pair = {"from": {"id": ticket}, "to": {"id": contact}}
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 16}]
    typed = [{**pair, "types": types}]
    ask("batch associate by default", lambda: api.batch.create_default("contacts", inputs=[pair], **ends))
    ask("batch read", lambda: api.batch.get("contacts", inputs=[{"id": ticket}], **ends))
    one = {"object_type": "tickets", "object_id": ticket}
    linked = ask("the list of one ticket", lambda: list(api.list("contacts", **one)))
    equal(len(linked), 1, "contacts of the ticket")
    ask("labels", lambda: client.crm.associations_schema.labels.list_labels("contacts", **ends))
    ask("labels cut", lambda: api.batch.delete_labels("contacts", inputs=typed, **ends))
    cut = [{"from": {"id": ticket}, "to": [{"id": contact}]}]
    ask("batch archive", lambda: api.batch.delete("contacts", inputs=cut, **ends))
    ask("one pair", lambda: api.create(
        contact, from_object_type="tickets", from_object_id=ticket, to_object_type="contacts"
    ))
    ask("its end", lambda: api.delete(contact, to_object_type="contacts", **one))


def main():
    url, token = sys.argv[1:]
    client = HubSpot(
        access_token=token, base_url=url, max_retries=0, _strict_response_validation=True
    )
    account(client)
    ticket = tickets(client)
    properties(client)
    pipelines(client)
    associations(client, ticket)
    print(f"{CALLS} calls succeeded, every reply in its declared form")


main()
