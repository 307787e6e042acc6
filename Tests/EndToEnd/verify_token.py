"""Verifies a token by the public keys at an address, with a library that knows nothing of Postern.

usage: verify_token.py URL TOKEN   prints the algorithm, the key's id and the subject
"""
import json
import sys
import urllib.request

from joserfc import jwt
from joserfc.jwk import KeySet

with urllib.request.urlopen(sys.argv[1], timeout=10) as answer:
    keys = KeySet.import_key_set(json.load(answer))
token = jwt.decode(sys.argv[2], keys, algorithms=["ES256", "Ed25519"])
print(token.header["alg"], token.header["kid"], token.claims["sub"])
