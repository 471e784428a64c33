"""HubSpot's own Python client (hubspot-api-client from PyPI) against the sandbox.

    python tests/python/hubspot_client.py http://127.0.0.1:PORT TOKEN

Does with it what people do with a portal: create, update, upsert, read by id and by a
unique property, list, search, archive, one by one and in batches, with associations;
reads pipelines, properties and owners; and expects the errors that HubSpot documents.
Ends with the number of checks, or with the first one that failed.
"""

import sys
import time

from hubspot import HubSpot
from hubspot.crm import associations, contacts, objects, owners, pipelines, properties, tickets
from hubspot.crm.associations import v4
from hubspot.crm.associations.v4 import schema

CHECKS = 0


def check(condition, words):
    global CHECKS
    CHECKS += 1
    if not condition:
        raise SystemExit(f"not so: {words}")


def equal(got, expected, words):
    check(got == expected, f"{words}: {got!r} is not {expected!r}")


def refused(error, status, part, work):
    """The exception of a call that must fail."""
    try:
        work()
    except error as caught:
        equal(caught.status, status, f"status of {part}")
        check(part in caught.body, f"{part} in {caught.body}")
        return
    raise SystemExit(f"not refused: {part}")


def key_property(client):
    made = client.crm.properties.core_api.create(
        "tickets",
        properties.PropertyCreate(
            name="import_key",
            label="Import key",
            group_name="ticketinformation",
            type="string",
            field_type="text",
            has_unique_value=True,
        ),
    )
    check(made.has_unique_value, "the key is unique")
    names = [one.name for one in client.crm.properties.core_api.get_all("tickets").results]
    check("import_key" in names and "hs_pipeline_stage" in names, "all properties are listed")
    refused(
        properties.exceptions.ApiException,
        409,
        "OBJECT_ALREADY_EXISTS",
        lambda: client.crm.properties.core_api.create("tickets", properties.PropertyCreate(
            name="import_key", label="Again", group_name="ticketinformation", type="string", field_type="text")),
    )


def definitions(client):
    first = client.crm.pipelines.pipelines_api.get_all("tickets").results[0]
    equal((first.id, first.label), ("0", "Support Pipeline"), "the default pipeline")
    states = [stage.metadata["ticketState"] for stage in first.stages]
    equal(states, ["OPEN", "OPEN", "OPEN", "CLOSED"], "its stages")
    made = client.crm.pipelines.pipelines_api.create("tickets", pipelines.PipelineInput(
        label="Returns", display_order=5, stages=[
            pipelines.PipelineStageInput(label="Open", display_order=0, metadata={"ticketState": "OPEN"})]))
    equal(made.stages[0].label, "Open", "a stage of a new pipeline")
    people = client.crm.owners.owners_api.get_page(limit=3)
    equal(len(people.results), 3, "a page of owners")
    further = client.crm.owners.owners_api.get_page(limit=3, after=people.paging.next.after)
    check(further.results[0].id != people.results[0].id, "the next page of owners")
    owner = client.crm.owners.owners_api.get_by_id(int(people.results[0].id))
    equal(owner.email, people.results[0].email, "one owner")
    refused(owners.exceptions.ApiException, 404, "resource not found",
            lambda: client.crm.owners.owners_api.get_by_id(1))


def one_by_one(client):
    api = client.crm.tickets.basic_api
    contact = client.crm.contacts.basic_api.create(contacts.SimplePublicObjectInputForCreate(
        properties={"email": "Ada@Python.example", "firstname": "Ada"}, associations=[]))
    equal(contact.properties["email"], "ada@python.example", "e-mails are lower-case")
    made = api.create(tickets.SimplePublicObjectInputForCreate(
        properties={"subject": "one", "hs_pipeline_stage": "1", "import_key": "k-1"},
        associations=[{"to": {"id": contact.id},
                       "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 16}]}],
    ))
    read = api.get_by_id(made.id, properties=["subject", "content"], associations=["contacts"],
                         properties_with_history=["subject"])
    equal(read.properties["subject"], "one", "what was written")
    equal(read.associations["contacts"].results[0].id, contact.id, "the inline association")
    changed = api.update("k-1", tickets.SimplePublicObjectInput(properties={"subject": "uno"}),
                         id_property="import_key")
    equal(changed.id, made.id, "an update by key")
    history = api.get_by_id("k-1", id_property="import_key", properties_with_history=["subject"])
    values = [version.value for version in history.properties_with_history["subject"]]
    equal(values, ["uno", "one"], "the history, newest first")
    refused(tickets.exceptions.ApiException, 400, "PROPERTY_DOESNT_EXIST", lambda: api.create(
        tickets.SimplePublicObjectInputForCreate(
            properties={"subject": "x", "hs_pipeline_stage": "1", "nothing": "x"}, associations=[])))
    refused(tickets.exceptions.ApiException, 400, "CONFLICTING_UNIQUE_VALUE", lambda: api.create(
        tickets.SimplePublicObjectInputForCreate(
            properties={"hs_pipeline_stage": "1", "import_key": "k-1"}, associations=[])))
    refused(contacts.exceptions.ApiException, 409, "Contact already exists", lambda:
            client.crm.contacts.basic_api.create(contacts.SimplePublicObjectInputForCreate(
                properties={"email": "ada@python.example"}, associations=[])))
    api.archive(made.id)
    refused(tickets.exceptions.ApiException, 404, "resource not found", lambda: api.get_by_id(made.id))
    check(api.get_by_id(made.id, archived=True).archived, "it is in the recycle bin")
    return contact.id


def batches(client):
    api = client.crm.tickets.batch_api
    inputs = [tickets.SimplePublicObjectBatchInputForCreate(
        properties={"subject": f"ticket {n}", "hs_pipeline_stage": "1", "import_key": f"b-{n}"},
        associations=[], object_write_trace_id=str(n)) for n in range(30)]
    inputs[7].properties["hs_ticket_priority"] = "SOON"
    made = api.create(tickets.BatchInputSimplePublicObjectBatchInputForCreate(inputs=inputs))
    equal(len(made.results), 29, "the good rows")
    equal(made.num_errors, 1, "the bad row")
    equal(made.errors[0].context["objectWriteTraceId"], ["7"], "which row it was")
    ids = {one.properties["import_key"]: one.id for one in made.results}

    read = api.read(tickets.BatchReadInputSimplePublicObjectId(
        id_property="import_key", properties=["subject", "import_key"], properties_with_history=[],
        inputs=[{"id": "b-1"}, {"id": "b-2"}, {"id": "b-7"}]))
    equal({one.id for one in read.results}, {ids["b-1"], ids["b-2"]}, "read by key")
    equal(read.errors[0].context["ids"], ["b-7"], "the missing key")

    changed = api.update(tickets.BatchInputSimplePublicObjectBatchInput(inputs=[
        {"id": ids["b-1"], "properties": {"hs_pipeline_stage": "4"}, "objectWriteTraceId": "a"},
        {"id": "b-2", "idProperty": "import_key", "properties": {"content": "x"}, "objectWriteTraceId": "b"}]))
    closed = [one for one in changed.results if one.id == ids["b-1"]][0]
    equal(closed.properties["hs_is_closed"], "true", "a closed ticket")

    both = api.upsert(tickets.BatchInputSimplePublicObjectBatchInputUpsert(inputs=[
        {"id": "b-3", "idProperty": "import_key", "properties": {"subject": "three"}, "objectWriteTraceId": "a"},
        {"id": "b-99", "idProperty": "import_key", "objectWriteTraceId": "b",
         "properties": {"subject": "new", "hs_pipeline_stage": "1"}}]))
    news = {one.properties["subject"]: one.new for one in both.results}
    equal(news, {"three": False, "new": True}, "which were new")
    refused(tickets.exceptions.ApiException, 400, "Duplicate IDs found in batch input", lambda: api.upsert(
        tickets.BatchInputSimplePublicObjectBatchInputUpsert(inputs=[
            {"id": "b-3", "idProperty": "import_key", "properties": {"subject": "a"}},
            {"id": "b-3", "idProperty": "import_key", "properties": {"subject": "b"}}])))
    refused(tickets.exceptions.ApiException, 400, "The maximum number of inputs", lambda: api.archive(
        tickets.BatchInputSimplePublicObjectId(inputs=[{"id": str(n)} for n in range(101)])))
    api.archive(tickets.BatchInputSimplePublicObjectId(inputs=[{"id": ids["b-29"]}]))
    everyone = client.crm.tickets.get_all(properties=["import_key"])
    equal(len(everyone), 29, "the list, page by page")
    return ids


def search(client):
    ask = tickets.PublicObjectSearchRequest(
        filter_groups=[{"filters": [
            {"propertyName": "import_key", "operator": "IN", "values": ["b-1", "b-2", "b-4"]},
            {"propertyName": "hs_pipeline_stage", "operator": "EQ", "value": "1"}]}],
        sorts=[{"propertyName": "hs_object_id", "direction": "DESCENDING"}],
        properties=["import_key"], limit=1)
    for _ in range(50):
        found = client.crm.tickets.search_api.do_search(ask)
        if found.total == 2:
            break
        time.sleep(0.25)
    equal(found.total, 2, "results, once the index has caught up")
    equal(found.results[0].properties["import_key"], "b-4", "the first in order")
    ask.after = found.paging.next.after
    time.sleep(0.25)
    following = client.crm.tickets.search_api.do_search(ask)
    equal(following.results[0].properties["import_key"], "b-2", "the next page")
    ask.after = "10000"
    refused(tickets.exceptions.ApiException, 400, "VALIDATION_ERROR",
            lambda: client.crm.tickets.search_api.do_search(ask))


def links(client, contact, ids):
    one, two = ids["b-1"], ids["b-2"]
    api = client.crm.associations.v4
    both = api.basic_api.create_default("tickets", one, "contacts", contact)
    equal(sorted(way.association_spec.association_type_id for way in both.results), [15, 16], "both ways")
    label = api.schema.definitions_api.create("tickets", "contacts", schema.PublicAssociationDefinitionCreateRequest(
        label="Billing contact", name="billing_contact")).results[0]
    made = api.basic_api.create("tickets", two, "contacts", contact, [
        v4.AssociationSpec(association_category="USER_DEFINED", association_type_id=label.type_id)])
    equal(made.labels, ["Billing contact"], "the label")
    pair = api.basic_api.get_page("tickets", two, "contacts").results[0]
    equal(sorted(kind.type_id for kind in pair.association_types), sorted([16, label.type_id]), "label and default")
    company = client.crm.companies.basic_api.create(objects.SimplePublicObjectInputForCreate(
        properties={"name": "Acme"}, associations=[]))
    made = api.batch_api.create("tickets", "companies", v4.BatchInputPublicAssociationMultiPost(inputs=[
        {"from": {"id": one}, "to": {"id": company.id},
         "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 26}]},
        {"from": {"id": two}, "to": {"id": "1"},
         "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 339}]}]))
    equal((len(made.results), made.num_errors), (1, 1), "a pair that can be and one that can't")
    read = api.batch_api.get_page("tickets", "companies", v4.BatchInputPublicFetchAssociationsBatchRequest(
        inputs=[{"id": one}, {"id": two}]))
    equal(read.results[0].to[0].to_object_id, company.id, "the company")
    equal(read.errors[0].sub_category, "crm.associations.NO_ASSOCIATIONS_FOUND", "the ticket without one")
    api.batch_api.archive("tickets", "companies", v4.BatchInputPublicAssociationMultiArchive(
        inputs=[{"from": {"id": one}, "to": [{"id": company.id}]}]))
    equal(api.basic_api.get_page("tickets", one, "companies").results, [], "a pair that was cut")
    old = client.crm.associations.batch_api.read("tickets", "contacts", associations.BatchInputPublicObjectId(
        inputs=[{"id": one}]))
    equal(old.results[0].to[0].type, "ticket_to_contact", "the same by the endpoints of v3")
    note = client.crm.objects.notes.basic_api.create(objects.notes.SimplePublicObjectInputForCreate(
        properties={"hs_timestamp": "2021-11-12T15:48:22Z", "hs_note_body": "called"},
        associations=[{"to": {"id": one}, "types": [
            {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 228}]}]))
    equal(api.basic_api.get_page("tickets", one, "notes").results[0].to_object_id, note.id, "the note")


def main():
    url, token = sys.argv[1:]
    client = HubSpot(access_token=token, host=url)
    stranger = HubSpot(access_token="stranger", host=url)
    refused(tickets.exceptions.ApiException, 401, "INVALID_AUTHENTICATION",
            lambda: stranger.crm.tickets.basic_api.get_page())
    key_property(client)
    definitions(client)
    contact = one_by_one(client)
    ids = batches(client)
    search(client)
    links(client, contact, ids)
    print(f"{CHECKS} checks by HubSpot's own client")


main()
