"""An OpenID Provider on this machine, in ProConnect's place: authlib's own server, on loopback.

Codes serve once, the challenge (PKCE) is checked, the client proves who it is: that is authlib's.
What a test wants wrong it sets in `claims`, `info`, `signs_info`.
"""

import threading
import time
from types import SimpleNamespace
from urllib.parse import urlencode

from authlib.integrations.flask_oauth2 import AuthorizationServer, ResourceProtector, current_token
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin, TokenMixin, grants
from authlib.oauth2.rfc6750 import BearerTokenValidator
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core.grants import OpenIDCode
from flask import Flask, jsonify, redirect, request
from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

CLIENT, SECRET = "conventions", "un secret partagé"


class Client(ClientMixin):
    client_id = CLIENT

    def get_client_id(self):
        return CLIENT

    def get_default_redirect_uri(self):
        return None

    def get_allowed_scope(self, scope):
        return scope

    def check_redirect_uri(self, redirect_uri):
        return redirect_uri.endswith("/comptes/proconnect/arrivee/")

    def check_client_secret(self, client_secret):
        return client_secret == SECRET

    def check_endpoint_auth_method(self, method, endpoint):
        return method == "client_secret_post"

    def check_response_type(self, response_type):
        return response_type == "code"

    def check_grant_type(self, grant_type):
        return grant_type == "authorization_code"


class Code(SimpleNamespace, AuthorizationCodeMixin):
    def get_redirect_uri(self):
        return self.redirect_uri

    def get_scope(self):
        return self.scope

    def get_nonce(self):
        return self.nonce

    def get_auth_time(self):
        return int(time.time())

    def get_acr(self):
        return None

    def get_amr(self):
        return None


class Token(SimpleNamespace, TokenMixin):
    def check_client(self, client):
        return True

    def get_scope(self):
        return self.scope

    def get_expires_in(self):
        return 60

    def is_expired(self):
        return False

    def is_revoked(self):
        return False


class Provider:
    """The provider and its one person, who is always there and always agrees."""

    def __init__(self):
        self.key = RSAKey.generate_key(2048, {"kid": "k1", "use": "sig", "alg": "RS256"})
        self.sub = "sub-1"
        self.info = {
            "email": "ines.vidal@mairie.fr",
            "given_name": "Inès",
            "usual_name": "Vidal",
            "siret": "21340337000015",
        }
        self.claims = {}  # Of the ID token, in place of the right ones
        self.info_claims = {}  # Of userinfo, likewise
        self.signs_info = True
        self.asked = []  # What each visit asked for
        self.codes, self.tokens = {}, {}
        self.server = make_server("127.0.0.1", 0, self._app(), threaded=True)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def sign(self, claims, key=None):
        return jwt.encode({"alg": "RS256", "kid": "k1"}, claims, key or self.key)

    def right_claims(self):
        now = int(time.time())
        return {
            "iss": self.url,
            "aud": CLIENT,
            "sub": self.sub,
            "iat": now,
            "exp": now + 60,
        }

    def _app(self):
        app = Flask("provider")
        provider = self

        class CodeGrant(grants.AuthorizationCodeGrant):
            TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_post",)

            def save_authorization_code(self, code, request):
                payload = request.payload
                provider.codes[code] = Code(
                    code=code,
                    redirect_uri=payload.redirect_uri,
                    scope=payload.scope,
                    nonce=payload.data.get("nonce"),
                    code_challenge=payload.data.get("code_challenge"),
                    code_challenge_method=payload.data.get("code_challenge_method"),
                )

            def query_authorization_code(self, code, client):
                return provider.codes.get(code)

            def delete_authorization_code(self, authorization_code):
                del provider.codes[authorization_code.code]

            def authenticate_user(self, authorization_code):
                return SimpleNamespace(get_user_id=lambda: provider.sub)

        class Identity(OpenIDCode):
            def exists_nonce(self, nonce, request):
                return False

            def encode_id_token(self, token, request):
                nonce = request.authorization_code.get_nonce()
                claims = provider.right_claims() | {"nonce": nonce} | provider.claims
                return provider.sign(claims)

        class Bearer(BearerTokenValidator):
            def authenticate_token(self, token_string):
                return provider.tokens.get(token_string)

        def keep_token(token, request):
            provider.tokens[token["access_token"]] = Token(**token)

        server = AuthorizationServer(
            app, lambda client_id: Client() if client_id == CLIENT else None, keep_token
        )
        server.register_grant(
            CodeGrant, [Identity(require_nonce=True), CodeChallenge(required=True)]
        )
        protect = ResourceProtector()
        protect.register_token_validator(Bearer())

        @app.get("/.well-known/openid-configuration")
        def discovery():
            return jsonify(
                issuer=provider.url,
                authorization_endpoint=f"{provider.url}/authorize",
                token_endpoint=f"{provider.url}/token",
                userinfo_endpoint=f"{provider.url}/userinfo",
                jwks_uri=f"{provider.url}/jwks",
                end_session_endpoint=f"{provider.url}/session/end",
            )

        @app.get("/authorize")
        def authorize():
            provider.asked.append(request.args.to_dict())
            return server.create_authorization_response(
                grant_user=SimpleNamespace(get_user_id=lambda: provider.sub),
                grant=server.get_authorization_grant(server.create_oauth2_request(None)),
            )

        @app.post("/token")
        def token():
            return server.create_token_response()

        @app.get("/jwks")
        def jwks():
            return jsonify(keys=[provider.key.as_dict(private=False)])

        @app.get("/userinfo")
        @protect("openid")
        def userinfo():
            assert current_token
            claims = provider.right_claims() | provider.info | provider.info_claims
            if not provider.signs_info:
                return jsonify(claims)
            return provider.sign(claims), 200, {"Content-Type": "application/jwt"}

        @app.get("/session/end")
        def end():
            query = urlencode({"state": request.args["state"]})
            return redirect(f"{request.args['post_logout_redirect_uri']}?{query}")

        return app
