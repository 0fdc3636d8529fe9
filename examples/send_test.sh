#!/bin/sh
# Plays a recruiter and an ATS: links a customer, sends a test to a candidate, and waits for the result.
set -eu

crosscheck=${CROSSCHECK_URL:-http://127.0.0.1:8080}
field() { sed -n 's/.*"'"$1"'":"\([^"]*\)".*/\1/p'; }

token=$(curl -fsS -u "$CROSSCHECK_API_KEY:" "$crosscheck/unified/ats/assessments/secrets" -d '{
  "provider": "greenhouse", "origin_owner_id": "cust-7", "origin_owner_name": "Globex"}' | field secretKey)
ats=$crosscheck/external-trigger/greenhouse
order=$(curl -fsS -u "$token:" "$ats/send_test" -d '{
  "partner_test_id": "logic-40",
  "candidate": {"first_name": "Ada", "last_name": "Byron", "email": "ada@example.org",
    "greenhouse_profile_url": "https://app.greenhouse.io/people/17?application_id=42"},
  "url": "http://127.0.0.1:9/callback/'"$$"'"}' | field partner_interview_id)
echo "sent: $order"
for _ in $(seq 20); do
    status=$(curl -fsS -u "$token:" "$ats/test_status?partner_interview_id=$order")
    case $status in *'"complete"'*) echo "the recruiter sees: $status"; exit 0 ;; esac
    sleep 0.5
done
echo "no result came: $status" >&2
exit 1
