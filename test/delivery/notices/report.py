"""Takes a report apart with Python's own email package; prints what it found as JSON."""
import email
import email.policy
import json
import sys

message = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
parts = list(message.iter_parts())
report = parts[1].get_payload()
returned = parts[2]
inner = returned.get_payload(0) if returned.get_content_type() == "message/rfc822" else None
print(
    json.dumps(
        {
            "type": message.get_content_type(),
            "reportType": message.get_param("report-type"),
            "autoSubmitted": message["Auto-Submitted"],
            "parts": [part.get_content_type() for part in parts],
            "text": parts[0].get_content(),
            "groups": [dict(group.items()) for group in report],
            "returnedSubject": inner["Subject"] if inner is not None else None,
            "defects": [str(defect) for part in message.walk() for defect in part.defects],
        }
    )
)
