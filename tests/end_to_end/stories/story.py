"""What a forum does with the Python client; prints what came of it. story.mjs is the same in JavaScript."""

import json
import sys

from heed_client import Heed, HeedError, verify_callback

given = json.load(sys.stdin)
told = {}


def failure(act, *arguments, **named):
    try:
        act(*arguments, **named)
    except HeedError as error:
        return [type(error).__name__, getattr(error, "field", ""), error.again, getattr(error, "retry_after", None)]


keyed = Heed(given["url"], api_key=given["key"])
signed = Heed(given["url"] + "/", forum=given["forum"], webhook_secret=given["secret"])
stranger = Heed(given["url"], api_key="heed_wrong")
nowhere = Heed(given["nowhere"], api_key="heed_any")

first = keyed.submit("py 1/ä", given["unsafe"], wait=20, board="diabetes", author="jo/ä")
told["first"] = [first["status"], first["verdict"]["action"]]
edited = signed.submit("py 1/ä", given["harmless"], revision=2, wait=20, author="jo/ä")
told["edited"] = [edited["revision"], edited["verdict"]["action"]]
told["standing"] = keyed.standing("py 1/ä")["verdict"]["id"] == edited["verdict"]["id"]
told["deleted"] = signed.deleted("py 1/ä")["status"]
told["recovered"] = keyed.recovered("py 1/ä")["status"] != "deleted"
keyed.submit("py 2", given["unsafe"], wait=20, author="kim")
told["appeal"] = signed.appeal("py 2", "a-1", "I meant it well.")["state"]
told["withdrawn"] = keyed.withdraw_appeal("py 2", "a-1")["state"]
told["erased"] = keyed.erase("py 2")["erasure"]["of"]
receipt = keyed.erase_author("jo/ä")
told["author"] = [receipt["of"], receipt["posts"], keyed.erasure(receipt["id"])["id"] == receipt["id"]]
told["failures"] = [
    failure(keyed.standing, "unknown"),
    failure(stranger.submit, "py 3", "words"),
    failure(keyed.submit, "py 4", "words", format="rtf"),
    failure(signed.standing, "py 1/ä"),
    failure(nowhere.submit, "py 5", "words"),
    failure(lambda: [keyed.submit("py 6", words) for words in ("one", "two")]),
]
with Heed(given["url"], api_key=given["busy"]) as busy:
    told["busy"] = failure(lambda: [busy.submit(f"py {n}", "words") for n in range(50)])
told["callbacks"] = []
for each in given["callbacks"]:
    headers, body = each["headers"], each["body"].encode()
    try:
        told["callbacks"].append(verify_callback(each["secrets"], headers, body)["data"]["action"])
    except HeedError as error:
        told["callbacks"].append(type(error).__name__)
print(json.dumps(told))
