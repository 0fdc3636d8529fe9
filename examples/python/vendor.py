"""A vendor of assessments in forty lines: it offers a test, gets told of each order, and reports a result."""
import os

import httpx
from flask import Flask, request
from standardwebhooks import Webhook, WebhookVerificationError

CROSSCHECK = os.environ.get("CROSSCHECK_URL", "http://127.0.0.1:8080")
PORT = int(os.environ.get("PORT", "9000"))
api = httpx.Client(base_url=CROSSCHECK, auth=(os.environ["CROSSCHECK_API_KEY"], ""))


def call(method, path, body):
    """A call of Crosscheck's API."""
    answer = api.request(method, path, json=body)
    if answer.is_error:
        raise RuntimeError(f"{method} {path}: {answer.text}")
    return answer.json()


call("PUT", "/unified/ats/assessments/packages", {"packages": [{"id": "logic-40", "name": "Logic, 40 minutes"}]})
secret = call("POST", "/webhooks", {"url": f"http://127.0.0.1:{PORT}/", "events": ["record.new"]})["secret"]
app = Flask(__name__)


@app.post("/")
def delivered():
    try:
        event = Webhook(secret).verify(request.get_data(), dict(request.headers))
    except WebhookVerificationError:
        return "", 401
    order = event["eventData"]["candidateAssessment"]
    print(f"{order['candidate']['firstName']} is to take {order['assessmentPackage']['name']}: order {order['id']}", flush=True)
    call("PATCH", f"/unified/ats/assessments/orders/{order['id']}/result", {
        "result": {"value": "passed"}, "score": {"value": 87},
        "result_url": f"https://vendor.example/results/{order['id']}"})
    print(f"reported the result of {order['id']}", flush=True)
    return "", 204


app.run(port=PORT)
