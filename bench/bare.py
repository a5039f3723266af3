"""Calls to AWS and Monoova as plain scripts make them: clients, a session, nothing around them."""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import requests

MONOOVA: Final = "monoova"
_EXECUTE: Final = "/financial/v2/transaction/execute"
# As boto3 names them. What is not here no flow of ours asks for.
_METHODS: Final = {
    "BatchGetItem": "batch_get_item",
    "Decrypt": "decrypt",
    "GetItem": "get_item",
    "PutItem": "put_item",
    "UpdateItem": "update_item",
}


@dataclass(frozen=True, slots=True)
class Call:
    """One call: `service` is "dynamodb", "kms" or `MONOOVA`; `request` is its body on the wire."""

    service: str
    operation: str
    request: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Service and operation, as printed."""
        return f"{self.service} {self.operation}"

    def about(self, old_id: str, new_id: str) -> "Call":
        """This call for another payout."""
        text = json.dumps(self.request).replace(old_id, new_id)
        # The end-to-end id is the payout's id without its hyphens.
        text = text.replace(old_id.replace("-", ""), new_id.replace("-", ""))
        return Call(self.service, self.operation, json.loads(text))


def execute(body: Mapping[str, Any]) -> Call:
    """Monoova's `POST /financial/v2/transaction/execute`."""
    return Call(MONOOVA, "execute", body)


@dataclass(frozen=True, slots=True)
class BareClients:
    """What the calls are made with. For one thread."""

    dynamodb: Any
    kms: Any
    http: requests.Session
    monoova_url: str
    api_key: str

    def prepared(self, call: Call) -> Callable[[], object]:
        """Makes the call, each time that it is called.

        Raises:
            LookupError: a call that is not known here.
        """
        if (call.service, call.operation) == (MONOOVA, "execute"):
            return lambda: self._execute(call.request)
        client = {"dynamodb": self.dynamodb, "kms": self.kms}[call.service]
        method = getattr(client, _METHODS[call.operation])
        arguments = dict(call.request)
        if "CiphertextBlob" in arguments:
            # On the wire it is text; boto3 writes it so.
            arguments["CiphertextBlob"] = base64.b64decode(arguments["CiphertextBlob"])
        return lambda: method(**arguments)

    def _execute(self, body: Mapping[str, Any]) -> object:
        answer = self.http.post(
            f"{self.monoova_url}{_EXECUTE}", json=body, auth=(self.api_key, ""), timeout=30
        )
        answer.raise_for_status()
        return answer
