#include "tests/support/real_software.h"

#include <cstdlib>
#include <iostream>

#include "tests/support/raw_client.h"

namespace ficus::tests {
namespace {

std::string nginx_config(std::uint16_t port, const std::string& folder) {
  return R"(
daemon off;
master_process off;
pid nginx.pid;
error_log stderr;
events {}
http {
  access_log off;
  default_type text/plain;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  gzip_types text/plain;
  server {
    listen 127.0.0.1:)" +
         std::to_string(port) + R"(;
    root )" +
         folder +
         R"(/www;
    location /compressed/ { alias )" +
         folder + R"(/www/; gzip on; gzip_min_length 1; gzip_proxied any; }
    location /upload/ { dav_methods PUT; create_full_put_path on; client_max_body_size 0; }
    location ~ ^/(method|post)$ { return 200 "$request_method $content_length"; }
  }
}
)";
}

Command nginx_command(const TemporaryFolder& folder, std::uint16_t port) {
  folder.write("www/hello.txt", "hello from nginx\n");
  const auto config = folder.write("nginx.conf", nginx_config(port, folder.path().string()));
  // -e: the log that it opens before it has read its configuration.
  return {{"nginx", "-p", folder.path().string(), "-e", "stderr", "-c", config.string()}};
}

std::uint16_t number_after(const std::string& line, std::string_view word) {
  return static_cast<std::uint16_t>(std::stoi(line.substr(line.find(word) + word.size())));
}

Command script(std::string_view name, std::vector<std::string> arguments) {
  const std::string path = std::string(FICUS_SUPPORT_FOLDER) + "/" + std::string(name);
  arguments.insert(arguments.begin(), {"python3", "-B", path});
  return {std::move(arguments)};
}

}  // namespace

bool have_programs(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (find_program(name)) continue;
    if (std::getenv("CI") != nullptr) throw HarnessError("program missing in CI: " + name);
    std::cout << "SKIPPED: needs the program " << name << std::endl;
    return false;
  }
  return true;
}

Nginx::Nginx() : process_(nginx_command(folder_, reserved_.port())) {
  // It says nothing when it is ready.
  const bool answers = eventually([&] {
    if (!process_.running()) return true;
    try {
      return get(port(), "/hello.txt").status() == 200;
    } catch (const HarnessError&) {
      return false;
    }
  });
  if (!answers || !process_.running()) {
    throw HarnessError("nginx did not start; its output:\n" + process_.output());
  }
}

PythonHttpServer::PythonHttpServer()
    : process_({{"python3", "-u", "-m", "http.server", "--bind", "127.0.0.1", "--protocol",
                 "HTTP/1.0", "--directory", folder_.path().string(), "0"}}),
      port_(number_after(process_.wait_for_line("Serving HTTP"), " port ")) {}

WebSocketServer::WebSocketServer()
    : process_(script("websocket_server.py", {})),
      port_(number_after(process_.wait_for_line("listening on"), "listening on ")) {}

Finished talk_websocket(std::uint16_t port) {
  return run(script("websocket_client.py", {std::to_string(port)}));
}

}  // namespace ficus::tests
