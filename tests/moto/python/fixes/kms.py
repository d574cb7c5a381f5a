"""KMS: Ed25519 keys, also from CloudFormation. KMS names a key by its ARN in answers."""

import base64
import json

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from moto.kms import models
from moto.kms.exceptions import ValidationException
from moto.kms.models import Key
from moto.kms.responses import KmsResponse
from moto.kms.utils import AbstractPrivateKey, KeySpec, SigningAlgorithm, generate_private_key

SPEC = "ECC_NIST_EDWARDS25519"
# The algorithms of the specification, each with the type of message that it requires.
ALGORITHMS = {"ED25519_SHA_512": "RAW", "ED25519_PH_SHA_512": "DIGEST"}


class Ed25519Key(AbstractPrivateKey):
    def __init__(self):
        self.private_key = Ed25519PrivateKey.generate()

    def sign(self, message, signing_algorithm):
        if signing_algorithm != "ED25519_SHA_512":
            raise NotImplementedError(f"KMS signing algorithm {signing_algorithm}")
        return self.private_key.sign(message)

    def verify(self, message, signature, signing_algorithm):
        if signing_algorithm != "ED25519_SHA_512":
            raise NotImplementedError(f"KMS signing algorithm {signing_algorithm}")
        try:
            self.private_key.public_key().verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def public_key(self):
        return self.private_key.public_key().public_bytes(
            encoding=serialization.Encoding.DER,
            format=serialization.PublicFormat.SubjectPublicKeyInfo,
        )


def install():
    models.generate_private_key = lambda spec: Ed25519Key() if spec == SPEC else generate_private_key(spec)
    KeySpec.key_specs = _with(KeySpec.key_specs, [SPEC])
    SigningAlgorithm.signing_algorithms = _with(SigningAlgorithm.signing_algorithms, ALGORITHMS)
    algorithms = Key.signing_algorithms.fget
    Key.signing_algorithms = property(lambda key: sorted(ALGORITHMS) if key.key_spec == SPEC else algorithms(key))
    KmsResponse.sign = _checked(KmsResponse.sign)
    KmsResponse.verify = _checked(KmsResponse.verify)
    KmsResponse.get_public_key = _public_key
    Key.create_from_cloudformation_json = classmethod(_create)


def _with(names, more):
    return classmethod(lambda _: sorted([*names(), *more]))


def _checked(operation):
    """Checks the type and the length of the message."""

    def checked(response):
        algorithm, kind = response._get_param("SigningAlgorithm"), response._get_param("MessageType") or "RAW"
        if ALGORITHMS.get(algorithm, kind) != kind:
            raise ValidationException(f"MessageType {kind} is not valid for the signing algorithm {algorithm}")
        if len(response._get_param("Message")) > 4096:
            raise ValidationException("1 validation error detected: Value at 'message' failed to satisfy constraint")
        return operation(response)

    return checked


def _public_key(response):
    key_id = response._get_param("KeyId")
    response._validate_key_id(key_id)
    key, public_key = response.kms_backend.get_public_key(key_id)
    answer = {
        "CustomerMasterKeySpec": key.key_spec,
        "EncryptionAlgorithms": key.encryption_algorithms,
        "KeyId": key.arn,
        "KeySpec": key.key_spec,
        "KeyUsage": key.key_usage,
        "PublicKey": base64.b64encode(public_key).decode(),
        "SigningAlgorithms": key.signing_algorithms,
    }
    return json.dumps({name: value for name, value in answer.items() if value is not None})


def _create(cls, resource_name, cloudformation_json, account_id, region_name, **_):
    properties = cloudformation_json["Properties"]
    key = models.kms_backends[account_id][region_name].create_key(
        policy=json.dumps(properties["KeyPolicy"]),
        key_usage=properties.get("KeyUsage", "ENCRYPT_DECRYPT"),
        key_spec=properties.get("KeySpec", "SYMMETRIC_DEFAULT"),
        description=properties.get("Description"),
        tags=properties.get("Tags", []),
    )
    key.key_rotation_status = properties.get("EnableKeyRotation", False)
    key.enabled = properties.get("Enabled", True)
    return key
