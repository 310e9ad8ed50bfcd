"""The proxies of a comparison, set up for the same work: keep-alive on both sides, a 95/5 split,
X-Forwarded-For, one core; an access log to a file if the comparison is about it."""

import pathlib

from harness import Ficus, Process, await_port, free_port, started

FICUS = """
version: 1
workers: 1
listeners: [{{address: "127.0.0.1:0"}}]
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
    bind 127.0.0.1:{port}
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
        listen 127.0.0.1:{port} backlog=4096;
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


def start_ficus(stack, folder, binary, backends, cpu, env=None, wrapper=(), name="ficus",
                access_log=False):
    log = f"access_log: {{path: {folder}/{name}-access.log}}" if access_log else ""
    config = FICUS.format(legacy=backends[0].url, new=backends[1].url, log=log)
    return started(stack, Ficus(binary, folder, config, cpu, env, wrapper, name))


def start_peer(stack, folder, kind, backends, cpu, access_log=False):
    port = free_port()
    log = {"haproxy": HAPROXY_LOG if access_log else {"log": "", "format": ""},
           "nginx": {"log": f"access_log {folder}/nginx-access.log combined;"
                     if access_log else "access_log off;"}}[kind]
    text = {"haproxy": HAPROXY, "nginx": NGINX}[kind].format(
        **log, port=port, folder=folder, legacy=f"127.0.0.1:{backends[0].port}",
        new=f"127.0.0.1:{backends[1].port}")
    path = pathlib.Path(folder) / f"{kind}.conf"
    path.write_text(text)
    argv = {"haproxy": ["haproxy", "-db", "-f", path], "nginx": ["nginx", "-c", path]}[kind]
    peer = started(stack, Process(argv, folder, kind, cpu))
    peer.port = port
    await_port(port, peer)
    return peer
