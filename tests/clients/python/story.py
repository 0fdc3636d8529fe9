"""Greenhouse's whole story, told through a client that was generated from openapi/openapi.json: an integration,
packages, a customer, an order, its webhook, progress, a result, and another result that comes too late.

    CROSSCHECK_URL, CROSSCHECK_API_KEY   the server
"""

import os
import queue
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import crosscheck_client
import httpx
from crosscheck_client import AuthenticatedClient
from crosscheck_client.api.customers import create_secrets
from crosscheck_client.api.events import list_events
from crosscheck_client.api.integrations import create_integration
from crosscheck_client.api.orders import get_order
from crosscheck_client.api.packages import replace_packages
from crosscheck_client.api.results import get_result, report_result
from crosscheck_client.api.webhooks import create_webhook
from crosscheck_client.models import (
    Category,
    Error,
    ErrorCode,
    EventType,
    NewIntegration,
    NewSecrets,
    NewWebhook,
    Outcome,
    Package,
    PackageList,
    ProviderKey,
    RecordEvent,
    ResultUpdate,
    ResultValue,
    ResultWord,
    Score,
    Status,
)
from standardwebhooks import Webhook, WebhookVerificationError

ASSESSMENTS = Category.ASSESSMENTS
url = os.environ["CROSSCHECK_URL"]
api = AuthenticatedClient(base_url=url, token=os.environ["CROSSCHECK_API_KEY"], raise_on_unexpected_status=True)


def seen(what):
    print(f"ok    {what}", flush=True)


def good(response):
    """What was answered, where it was no refusal."""
    assert response.parsed is not None and not isinstance(response.parsed, Error), (response.status_code, response.content)
    return response.parsed


# Webhooks come in here, and Greenhouse's callbacks.
deliveries, callbacks = queue.Queue(), queue.Queue()


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        deliveries.put((dict(self.headers.items()), body)) if self.path == "/hooks" else callbacks.put(body)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    do_PATCH = do_POST

    def log_message(self, *_):
        pass


receiver = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
threading.Thread(target=receiver.serve_forever, daemon=True).start()
here = f"http://127.0.0.1:{receiver.server_port}"

# The vendor sets up.

webhook = good(create_webhook.sync_detailed(client=api, body=NewWebhook(
    url=f"{here}/hooks", events=[EventType.RECORD_NEW, EventType.RECORD_MODIFIED], categories=[ASSESSMENTS])))
assert webhook.secret.startswith("whsec_")
seen("an endpoint is added, and its secret is shown once")

new = NewIntegration(provider=ProviderKey.GREENHOUSE, category=ASSESSMENTS, tenant_id="story-in-python")
integration = good(create_integration.sync_detailed(client=api, body=new, idempotency_key="python-integration"))
again = good(create_integration.sync_detailed(client=api, body=new, idempotency_key="python-integration"))
assert again.id == integration.id and integration.endpoint_urls["send_test"].startswith(url)
seen("an integration is made, once for one idempotency key")

packages = PackageList(packages=[Package(id="logic-40", name="Logic, 40 minutes", type_="SKILLS_TEST")])
assert good(replace_packages.sync_detailed(ASSESSMENTS, client=api, body=packages)).count == 1
seen("packages are stored")

secrets = good(create_secrets.sync_detailed(ASSESSMENTS, client=api, body=NewSecrets(
    provider=ProviderKey.GREENHOUSE, integration_id=integration.id, origin_owner_id="cust-py", origin_owner_name="Globex")))
account = secrets.account_id
seen("a customer is linked")

# Greenhouse sends a test.

ats = httpx.Client(base_url=secrets.base_url, auth=(secrets.secret_key, ""))
sent = ats.post("/send_test", json={
    "partner_test_id": "logic-40",
    "candidate": {
        "first_name": "Ada", "last_name": "Byron", "email": "ada@example.org",
        "greenhouse_profile_url": "https://app.greenhouse.io/people/17?application_id=42",
    },
    "url": f"{here}/callback",
})
assert sent.status_code == 200, sent.text
order = sent.json()["partner_interview_id"]

headers, body = deliveries.get(timeout=10)
event = RecordEvent.from_dict(Webhook(webhook.secret).verify(body, headers))
assert (event.event_type, event.record_id) == ("record.new", order)
assert event.event_data.candidate_assessment.candidate.emails[0].email == "ada@example.org"
try:
    Webhook(webhook.secret).verify(body + b" ", headers)
    raise AssertionError("a body that was changed is taken")
except WebhookVerificationError:
    pass
seen("record.new arrives, and the official library verifies it")

shown = good(get_order.sync_detailed(ASSESSMENTS, order, client=api, x_account_id=account)).data
assert (shown.status, shown.candidate.first_name, shown.package.name) == (Status.PENDING, "Ada", "Logic, 40 minutes")
seen("the order is read")

# The vendor reports.


def report(**fields):
    update = ResultUpdate(**fields)
    return report_result.sync_detailed(ASSESSMENTS, order, client=api, x_account_id=account, body=update)


def asked():
    return ats.get("/test_status", params={"partner_interview_id": order}).json()


good(report(result=ResultValue(value=ResultWord.IN_PROGRESS)))
assert asked()["partner_status"] != "complete"
seen("progress is reported")

final = {"result": ResultValue(value=ResultWord.PASSED), "result_url": "https://vendor.example/r/1"}
reported = good(report(score=Score(value=87.0), **final))
assert reported.status_code == 200 and all(warning.pointer for warning in reported.warnings)
callbacks.get(timeout=10)
told = asked()
assert (told["partner_status"], told["partner_score"]) == ("complete", 87), told
assert told["partner_profile_url"] == "https://vendor.example/r/1"
seen("the result arrives at Greenhouse")

good(report(score=Score(value=87.0), **final))
late = report(score=Score(value=12.0), **final)
assert isinstance(late.parsed, Error) and late.status_code == 409
assert late.parsed.error_code == ErrorCode.RESULT_ALREADY_FINAL
seen("the same result again changes nothing, and another one is refused")

result = good(get_result.sync_detailed(ASSESSMENTS, order, client=api, x_account_id=account)).data
assert (result.outcome, result.result_url) == (Outcome.PASSED, "https://vendor.example/r/1")
seen("the result is read")

events = good(list_events.sync_detailed(client=api, record_id=order, page_size=10)).data
assert any(isinstance(one.body, RecordEvent) and one.event_type == EventType.RECORD_NEW for one in events)
seen("events are listed, each with a body of its own type")

# What is typed, is typed: only a vendor's own word for a result may be anything.
models = Path(crosscheck_client.__file__).parent / "models"
fields = re.compile(r"^    (\w+): (.*\bAny\b.*?)(?: = .*)?$", re.MULTILINE)
untyped = {name for file in models.glob("*.py") for name, _ in fields.findall(file.read_text())}
assert untyped == {"source_value", "additional_properties"}, untyped
seen("no field of the generated models is Any, but the one that may be anything")
