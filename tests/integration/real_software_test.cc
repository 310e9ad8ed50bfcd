// ficus between programs that others wrote.

#include "tests/support/real_software.h"

#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/ficus_process.h"

using namespace ficus::tests;

namespace {

// ficus in front of one backend, which gets every request.
std::string in_front_of(const std::string& url) {
  return "backends:\n"
         "  real: {endpoints: [\"" +
         url +
         "\"]}\n"
         "routes:\n"
         "  - {name: everything, match: {path_prefix: /}, legacy: real}\n";
}

// curl's standard output; fails the test if curl does.
std::string curl(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"curl", "-sS", "--noproxy", "*", "--max-time", "20"});
  const Finished finished = run(Command{std::move(arguments)}, milliseconds(30'000));
  INFO("curl: " << finished.error);
  CHECK(finished.exit.code == 0);
  return finished.out;
}

std::string lines(std::size_t bytes) {
  std::string text;
  for (std::size_t number = 0; text.size() < bytes; ++number) {
    text += "line " + std::to_string(number) + "\n";
  }
  return text;
}

// The number behind a label in the report of ab, -1 if there is none.
long reported(const std::string& report, const std::string& label) {
  const std::size_t at = report.find(label);
  return at == std::string::npos ? -1 : std::stol(report.substr(at + label.size()));
}

}  // namespace

TEST_CASE("curl gets files of nginx through ficus, over HTTP/1.1 and HTTP/1.0") {
  if (!have_programs({"nginx", "curl"})) return;
  const Nginx nginx;
  const std::string large = lines(3 << 20);
  nginx.folder().write("www/large.txt", large);
  FicusProcess ficus(in_front_of(nginx.url()));
  const std::string version = GENERATE("--http1.1", "--http1.0");

  CHECK(curl({version, ficus.url() + "/hello.txt"}) == "hello from nginx\n");
  CHECK(curl({version, ficus.url() + "/large.txt"}) == large);
  CHECK(curl({version, "-r", "6-9", ficus.url() + "/hello.txt"}) == "from");
  CHECK(curl({version, "-o", "/dev/null", "-w", "%{http_code}", ficus.url() + "/none"}) == "404");
  CHECK(curl({version, "--compressed", ficus.url() + "/compressed/large.txt"}) == large);

  const std::string head = curl({version, "-I", ficus.url() + "/large.txt"});
  CHECK_THAT(head, ContainsSubstring("200 OK"));
  CHECK_THAT(head, ContainsSubstring("Content-Length: " + std::to_string(large.size())));
  ficus.terminate();
}

TEST_CASE("curl reuses its connection to ficus for several files of nginx") {
  if (!have_programs({"nginx", "curl"})) return;
  const Nginx nginx;
  FicusProcess ficus(in_front_of(nginx.url()));
  const std::string url = ficus.url() + "/hello.txt";
  const std::string connects = curl({"-o", "/dev/null", "-o", "/dev/null", "-o", "/dev/null", "-w",
                                     "%{num_connects} ", url, url, url});
  CHECK(connects == "1 0 0 ");
  ficus.terminate();
}

TEST_CASE("curl sends bodies to nginx through ficus") {
  if (!have_programs({"nginx", "curl"})) return;
  const Nginx nginx;
  FicusProcess ficus(in_front_of(nginx.url()));
  const std::string text = lines(2 << 20);
  const std::string file = nginx.folder().write("to_send.txt", text).string();

  CHECK(curl({"-d", "abc", ficus.url() + "/method"}) == "POST 3");

  SECTION("with a length, waiting for 100 Continue") {
    const std::string trace =
        curl({"-v", "--stderr", "-", "-H", "Expect: 100-continue", "--expect100-timeout", "20",
              "-T", file, ficus.url() + "/upload/a.txt"});
    CHECK_THAT(trace, ContainsSubstring("100 Continue"));
    CHECK(read_file(nginx.folder().path() / "www/upload/a.txt") == text);
  }
  SECTION("in chunks") {
    curl({"-H", "Transfer-Encoding: chunked", "-T", file, ficus.url() + "/upload/b.txt"});
    CHECK(read_file(nginx.folder().path() / "www/upload/b.txt") == text);
  }
  ficus.terminate();
}

TEST_CASE("ab finds no failed request at nginx behind ficus, with and without keep-alive") {
  if (!have_programs({"nginx", "ab"})) return;
  const Nginx nginx;
  FicusProcess ficus(in_front_of(nginx.url()));
  std::vector<std::string> arguments{"ab", "-n", "2000", "-c", "16", "-q"};
  const bool keep_alive = GENERATE(true, false);
  if (keep_alive) arguments.emplace_back("-k");
  arguments.push_back(ficus.url() + "/hello.txt");

  const Finished ab = run(Command{arguments}, milliseconds(60'000));
  INFO(ab.out << ab.error);
  CHECK(ab.exit.code == 0);
  CHECK(reported(ab.out, "Complete requests:") == 2000);
  CHECK(reported(ab.out, "Failed requests:") == 0);
  CHECK(reported(ab.out, "Non-2xx responses:") == -1);
  if (keep_alive) CHECK(reported(ab.out, "Keep-Alive requests:") == 2000);
  ficus.terminate();
}

TEST_CASE("curl gets files of an HTTP/1.0 server through ficus") {
  if (!have_programs({"python3", "curl"})) return;
  const PythonHttpServer server;
  const std::string large = lines(1 << 20);
  server.folder().write("hello.txt", "hello from python\n");
  server.folder().write("large.txt", large);
  server.folder().write("sub/index.html", "<p>sub</p>\n");
  FicusProcess ficus(in_front_of(server.url()));
  const std::string version = GENERATE("--http1.1", "--http1.0");

  CHECK(curl({version, ficus.url() + "/hello.txt", ficus.url() + "/hello.txt"}) ==
        "hello from python\nhello from python\n");
  CHECK(curl({version, ficus.url() + "/large.txt"}) == large);
  CHECK(curl({version, "-L", ficus.url() + "/sub"}) == "<p>sub</p>\n");
  CHECK_THAT(curl({version, "-I", ficus.url() + "/hello.txt"}),
             ContainsSubstring("Content-Length: 18") || ContainsSubstring("content-length: 18"));
  CHECK(curl({version, "-o", "/dev/null", "-w", "%{http_code}", "-d", "x",
              ficus.url() + "/hello.txt"}) == "501");
  ficus.terminate();
}

TEST_CASE("a WebSocket conversation goes through ficus unchanged") {
  if (!have_programs({"python3"})) return;
  const WebSocketServer server;
  FicusProcess ficus(in_front_of(server.url()));
  const Finished client = talk_websocket(ficus.port());
  INFO(client.error);
  CHECK(client.out == "ok\n");
  ficus.terminate();
}
