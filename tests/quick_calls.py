"""The short way from botocore to moto: without signing, HTTP, and reading it again.

What the client checks and what moto does stay as they are. Whatever is out of the ordinary goes
the whole way: a refusal, a call that a test wants to see sent or repeated, an endpoint that is not
Amazon's, and every operation but those that nearly every test makes.
"""

import base64
import json
from typing import Any, Final

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.endpoint import Endpoint
from botocore.parsers import create_parser
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.exceptions import HTTPException, ServiceException
from moto.core.models import botocore_stubber
from moto.core.responses import ActionResult
from moto.dynamodb.responses import DynamoHandler
from moto.kms.responses import KmsResponse
from moto.secretsmanager.responses import SecretsManagerResponse
from moto.sqs.responses import SQSResponse

from tests import quick_aws

_METHODS: Final = {
    "dynamodb": {
        "GetItem": DynamoHandler.get_item,
        "PutItem": DynamoHandler.put_item,
        "UpdateItem": DynamoHandler.update_item,
        "DeleteItem": DynamoHandler.delete_item,
        "Query": DynamoHandler.query,
        "BatchGetItem": DynamoHandler.batch_get_item,
        "TransactGetItems": DynamoHandler.transact_get_items,
        "TransactWriteItems": DynamoHandler.transact_write_items,
    },
    "kms": {
        "CreateKey": KmsResponse.create_key,
        "Decrypt": KmsResponse.decrypt,
        "GenerateDataKey": KmsResponse.generate_data_key,
    },
    "secrets-manager": {
        "CreateSecret": SecretsManagerResponse.create_secret,
        "GetSecretValue": SecretsManagerResponse.get_secret_value,
        "ListSecrets": SecretsManagerResponse.list_secrets,
    },
    "sqs": {
        "CreateQueue": SQSResponse.create_queue,
        "SendMessage": SQSResponse.send_message,
        "ReceiveMessage": SQSResponse.receive_message,
        "DeleteMessage": SQSResponse.delete_message,
    },
}
_HANDLERS: Final[dict[str, Any]] = {
    "dynamodb": DynamoHandler,
    "kms": KmsResponse,
    "secrets-manager": SecretsManagerResponse,
    "sqs": SQSResponse,
}
_JSON: Final = create_parser("json")
# What botocore and moto listen with; a test that listens too wants the whole way.
_LISTENERS: Final = {"before-send": 1, "needs-retry": 1}


def install() -> None:
    """To be called once, after `quick_aws.install`."""
    original = Endpoint.make_request

    def make_request(self: Any, operation_model: Any, request_dict: Any) -> Any:
        service = operation_model.service_model.service_id.hyphenize()
        method = _METHODS.get(service, {}).get(operation_model.name)
        if method is None or not _is_ordinary(self, service, operation_model.name):
            return original(self, operation_model, request_dict)
        try:
            with quick_aws.ONE_CALL_AT_A_TIME, quick_aws.untraced():
                result = _called(service, method, self.host, request_dict["body"])
        except (ServiceException, HTTPException):
            # Moto has changed nothing: it refuses once more, in the words of AWS.
            return original(self, operation_model, request_dict)
        answer = _as_read(result, operation_model.output_shape)
        answer["ResponseMetadata"] = {"HTTPStatusCode": 200, "HTTPHeaders": {}, "RetryAttempts": 0}
        return AWSResponse(self.host, 200, HTTPHeaders(), None), answer

    endpoint: Any = Endpoint
    endpoint.make_request = make_request


def _is_ordinary(endpoint: Any, service: str, operation: str) -> bool:
    """Whether moto answers this call, and only moto is to see it."""
    emitter = endpoint._event_emitter._emitter
    return (
        botocore_stubber.enabled
        and endpoint.host.endswith(".amazonaws.com")
        and all(
            len(emitter._handlers.prefix_search(f"{event}.{service}.{operation}")) == usual
            for event, usual in _LISTENERS.items()
        )
    )


def _as_aws_takes_it(read: dict[str, Any]) -> dict[str, Any]:
    """A JSON object of a request as AWS takes it: without nulls, binary values as bytes."""
    text = read.get("B")
    if isinstance(text, str) and len(read) == 1:
        return {"B": base64.b64decode(text)}
    return {name: value for name, value in read.items() if value is not None}


def _called(service: str, method: Any, host: str, body: bytes) -> Any:
    """What moto does and answers to the call."""
    handler = _HANDLERS[service]()
    handler.region = host.split(".")[1]
    handler.current_account = DEFAULT_ACCOUNT_ID
    handler.querystring, handler.uri_match, handler.uri = {}, {}, f"{host}/"
    if service == "dynamodb":
        handler.body = json.loads(body, object_hook=_as_aws_takes_it)
    elif service == "sqs":
        handler.params = json.loads(body)
    else:
        handler.body = body.decode()
    return method(handler)


def _as_read(result: Any, shape: Any) -> dict[str, Any]:
    """An answer of moto as a client gives it to its caller."""
    if isinstance(result, ActionResult):
        return {name: value for name, value in (result.result or {}).items() if value is not None}
    response = {"body": result.encode(), "headers": {}, "status_code": 200}
    parsed: dict[str, Any] = _JSON.parse(response, shape)
    return parsed
