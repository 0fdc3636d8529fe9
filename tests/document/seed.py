"""Makes one of each thing, and prints their ids as the dictionaries of a configuration of schemathesis."""

import json
import os
import time

import httpx

api = httpx.Client(base_url=os.environ["CROSSCHECK_URL"], auth=(os.environ["CROSSCHECK_API_KEY"], ""))


def call(method, path, body=None, **more):
    answer = api.request(method, path, json=body, **more)
    assert answer.is_success, (method, path, answer.text)
    return answer.json()


def listed(path):
    """The ids in a list, as soon as there are any."""
    for _ in range(100):
        if found := [one["id"] for one in call("GET", path)["data"]]:
            return found
        time.sleep(0.1)
    raise TimeoutError(path)


packages = [{"id": "logic-40", "name": "Logic, 40 minutes"}]
call("PUT", "/unified/ats/assessments/packages", {"packages": packages})
# Nothing listens there: deliveries and pushes stay.
webhook = call("POST", "/webhooks", {"url": "http://127.0.0.1:9/", "events": ["record.new"]})
# What is changed and deleted is apart from what the orders need.
integration = call("POST", "/integrations", {"provider": "recruitee", "category": "assessments"})


def link(provider):
    return call("POST", "/unified/ats/assessments/secrets", {
        "provider": provider, "origin_owner_id": "cust-7", "origin_owner_name": "Globex"})


customer = link("greenhouse")
account = customer["accountId"]
call("PUT", "/unified/ats/assessments/packages", {"packages": packages}, headers={"x-account-id": account})
orders = [
    httpx.post(customer["baseUrl"] + "/send_test", auth=(customer["secretKey"], ""), json={
        "partner_test_id": "logic-40",
        "candidate": {
            "first_name": "Ada", "last_name": "Byron", "email": "ada@example.org",
            "greenhouse_profile_url": f"https://app.greenhouse.io/people/{candidate}",
        },
        "url": f"http://127.0.0.1:9/callback/{candidate}",
    }).json()["partner_interview_id"]
    for candidate in range(3)
]
call("PATCH", f"/unified/ats/assessments/orders/{orders[0]}/result", {"result_url": "https://vendor.example/r/1"})

key = call("POST", "/keys", {"name": "one to be revoked", "scope": "read"})
ids = {
    "accounts": [account],
    "spare_accounts": [link("ashby")["accountId"]],
    "categories": ["assessments"],
    "keys": [key["id"]],
    "integrations": [integration["id"]],
    "orders": orders,
    "packages": ["logic-40"],
    "webhooks": [webhook["id"]],
    "events": listed("/events"),
    "deliveries": listed(f"/webhooks/{webhook['id']}/deliveries"),
    "pushes": listed("/pushes"),
    "request_logs": listed("/requests/logs"),
}
print("[dictionaries]")
for kind, found in ids.items():
    print(f"{kind}.values = {json.dumps(found)}")
