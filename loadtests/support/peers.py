"""The proxies of a comparison, set up for the same work: keep-alive on both sides, a 95/5 split,
X-Forwarded-For, one core; an access log to a file or TLS in front if the comparison is about it."""

import pathlib
import subprocess

from harness import Failure, Ficus, Process, await_port, free_port, started

FICUS = """
version: 1
workers: 1
listeners: [{{address: "127.0.0.1:0"{tls}}}]
admin: {{address: "127.0.0.1:0"}}
drain: {{delay: 0s, timeout: 1s}}
{log}
backends:
  legacy: {{endpoints: ["{legacy}"]}}
  new: {{endpoints: ["{new}"]}}
routes:
  - {{name: shop, match: {{path_prefix: /}}, legacy: legacy, new: new, weight: 5}}
"""

HAPROXY = """
global
    nbthread 1
    maxconn 8000
    {log}
defaults
    mode http
    {format}
    option http-keep-alive
    option forwardfor
    http-reuse always
    timeout connect 5s
    timeout client 60s
    timeout server 60s
frontend shop
    bind 127.0.0.1:{port}{tls}
    default_backend sides
backend sides
    balance roundrobin
    server legacy {legacy} weight 95
    server new {new} weight 5
"""

NGINX = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log;
events {{ worker_connections 8000; }}
http {{
    {log}
    client_body_temp_path {folder}/nginx-body;
    proxy_temp_path {folder}/nginx-proxy;
    fastcgi_temp_path {folder}/nginx-fastcgi;
    uwsgi_temp_path {folder}/nginx-uwsgi;
    scgi_temp_path {folder}/nginx-scgi;
    keepalive_requests 1000000000;
    client_max_body_size 0;
    split_clients $request_id $side {{ 5% new; * legacy; }}
    upstream legacy {{ server {legacy}; keepalive 256; keepalive_requests 1000000000; }}
    upstream new {{ server {new}; keepalive 256; keepalive_requests 1000000000; }}
    server {{
        listen 127.0.0.1:{port}{ssl} backlog=4096;
        {tls}
        location / {{
            proxy_pass http://$side;
            proxy_http_version 1.1;
            proxy_request_buffering off;
            proxy_buffering off;
            proxy_set_header Connection "";
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        }}
    }}
}}
"""


# HAProxy writes to no file: its standard output is one.
HAPROXY_LOG = {"log": "log stdout format raw local0", "format": "log global\n    option httplog"}


def make_certificate(folder):
    """(certificate, key, both in one file) for TLS in front, made once a folder."""
    certificate, key, both = (pathlib.Path(folder) / name for name in ("c.crt", "c.key", "c.pem"))
    if not both.exists():
        done = subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:prime256v1", "-nodes", "-days", "7", "-subj", "/CN=localhost",
             "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate],
            capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failure(f"openssl: {done.stderr.strip()[-300:]}")
        both.write_text(certificate.read_text() + key.read_text())
    return certificate, key, both


def start_ficus(stack, folder, binary, backends, cpu, env=None, wrapper=(), name="ficus",
                scenario=None):
    log = tls = ""
    if scenario and scenario.access_log:
        log = f"access_log: {{path: {folder}/{name}-access.log}}"
    if scenario and scenario.tls:
        certificate, key, _ = make_certificate(folder)
        tls = (f", tls: {{certificates: [{{certificate: {certificate}, private_key: {key}}}], "
               'min_version: "1.3"}')
    config = FICUS.format(legacy=backends[0].url, new=backends[1].url, log=log, tls=tls)
    ficus = started(stack, Ficus(binary, folder, config, cpu, env, wrapper, name))
    ficus.tls = bool(tls)
    return ficus


def settings_of(kind, folder, scenario):
    """What a peer's configuration says of log and TLS."""
    result = {"haproxy": {"log": "", "format": "", "tls": ""},
              "nginx": {"log": "access_log off;", "tls": "", "ssl": ""}}[kind]
    if scenario.access_log:
        result.update(HAPROXY_LOG if kind == "haproxy" else
                      {"log": f"access_log {folder}/nginx-access.log combined;"})
    if scenario.tls:
        certificate, key, both = make_certificate(folder)
        result.update(
            {"tls": f" ssl crt {both} ssl-min-ver TLSv1.3 alpn http/1.1"} if kind == "haproxy" else
            {"ssl": " ssl", "tls": f"ssl_certificate {certificate}; ssl_certificate_key {key}; "
                                   "ssl_protocols TLSv1.3;"})
    return result


def start_peer(stack, folder, kind, backends, cpu, scenario):
    port = free_port()
    text = {"haproxy": HAPROXY, "nginx": NGINX}[kind].format(
        **settings_of(kind, folder, scenario), port=port, folder=folder,
        legacy=f"127.0.0.1:{backends[0].port}", new=f"127.0.0.1:{backends[1].port}")
    path = pathlib.Path(folder) / f"{kind}.conf"
    path.write_text(text)
    argv = {"haproxy": ["haproxy", "-db", "-f", path], "nginx": ["nginx", "-c", path]}[kind]
    peer = started(stack, Process(argv, folder, kind, cpu))
    peer.port, peer.tls = port, scenario.tls
    await_port(port, peer)
    return peer
