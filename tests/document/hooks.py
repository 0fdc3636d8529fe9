"""What schemathesis is not to expect of this API: the one place where anything is left out, each with its reason."""

import os
import re
import uuid

import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

KEY = re.compile("[!-~]{1,255}")

# Refusals of what the schema allows, by their errorCode.
CODES = {
    "ats_failed": "it depends on whether an ATS can be reached",
    "integration_ambiguous": "it depends on how many integrations were made before",
    "integration_disabled": "it depends on an integration having been disabled before",
    "not_capable": "it depends on which ATS is meant",
    "payload_too_large": "a schema counts items and characters, not bytes",
    "result_incomplete": "it depends on the ATS from which the order came; GET /connectors/meta/{provider} tells it",
    "target_not_allowed": "whether an address is public is not to be seen in its name",
}

# The same, by the code of what stands in errors[], or by its pointer and code.
RULES = {
    "cursor": "of a range that is replayed: a cursor is what an earlier answer gave",
    "mismatch": "it depends on which integration the id names",
    "immutable": "it depends on the value that is there already",
    "pattern": "of a credential: the ATS's own, which GET /connectors/meta/{provider} tells",
    "/until range": "no schema compares two fields",
    "unique": "no schema compares the ids of two packages",
    "unknown_field": "which credentials there are depends on the ATS; GET /connectors/meta/{provider} tells it",
}


def by_nature(response):
    """Whether a refusal is one of these."""
    try:
        refusal = response.json()
        broken = [one["code"] in RULES or f"{one['pointer']} {one['code']}" in RULES for one in refusal["errors"]]
        return refusal["errorCode"] in CODES or bool(broken) and all(broken)
    except (ValueError, TypeError, KeyError):
        return False


@schemathesis.check
def accepts_what_the_schema_allows(ctx, response, case):
    if not by_nature(response):
        positive_data_acceptance(ctx, response, case)


@schemathesis.check
def refuses_what_the_schema_forbids(ctx, response, case):
    if not by_nature(response):
        negative_data_rejection(ctx, response, case)


@schemathesis.check
def has_no_defect(ctx, response, case):
    if not by_nature(response):
        not_a_server_error(ctx, response, case)


@schemathesis.hook
def before_call(ctx, case, kwargs):
    # One generated key would come with several requests, which is what it is refused for.
    if KEY.fullmatch(str((case.headers or {}).get("Idempotency-Key", ""))):
        case.headers["Idempotency-Key"] = str(uuid.uuid4())
    # The key in use lives on: without it all would be 401.
    if case.operation.path.startswith("/keys/") and case.path_parameters.get("id") == os.environ["OWN_KEY"]:
        case.path_parameters["id"] = "key_of_nobody"
