"""The image's health check: 0 while the server beside it answers ``/healthz``, else 1 with the reason."""

import os
import ssl
import sys
import urllib.request

# TLS must be switched on by the environment, as the port is: the check knows nothing of the configuration file.
scheme = "https" if os.environ.get("PYPROXY_SERVER__TLS__CERTIFICATE") else "http"
url = f"{scheme}://127.0.0.1:{os.environ.get('PYPROXY_SERVER__PORT', '8080')}/healthz"
# Ourselves, so the name in the certificate does not matter; and never through an outbound proxy.
opener = urllib.request.build_opener(
    urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=ssl._create_unverified_context())
)
try:
    opener.open(url, timeout=4).close()
except OSError as error:
    sys.exit(f"{url}: {error}")
