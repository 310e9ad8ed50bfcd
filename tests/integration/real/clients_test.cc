// Clients that others wrote, through TLS and without: curl, ab, wrk, Node's http, Python's requests
// and httpx.

#include <string>
#include <vector>

#include "tests/integration/real/front.h"
#include "tests/support/catch.h"
#include "tests/support/real_software.h"

using namespace ficus::tests;

namespace {

constexpr milliseconds kClientPatience{60'000};

std::string lines(std::size_t bytes) {
  std::string text;
  for (std::size_t number = 0; text.size() < bytes; ++number) {
    text += "line " + std::to_string(number) + "\n";
  }
  return text;
}

// nginx behind ficus.
struct Site {
  explicit Site(Scheme scheme) : front(scheme, nginx.url()) {
    large_file = nginx.folder().write("www/large.txt", large).string();
  }

  std::string large = lines(4 << 20);
  std::string large_file;
  Nginx nginx;
  Front front;
};

// Its standard output; fails the test if it does not end well.
std::string output_of(const Command& command) {
  const Finished finished = run(command, kClientPatience);
  INFO(finished.out << finished.error);
  CHECK(finished.exit.code == 0);
  CHECK(finished.exit.signal == 0);
  return finished.out;
}

std::string curl(const Site& site, std::vector<std::string> arguments) {
  const std::vector<std::string> common{
      "curl", "-sS", "--noproxy", "*", "-m", "30", "--cacert", site.front.certificate().string()};
  arguments.insert(arguments.begin(), common.begin(), common.end());
  return output_of(Command{std::move(arguments)});
}

// The number behind a label in a report, -1 if there is none.
long reported(const std::string& report, const std::string& label) {
  const std::size_t at = report.find(label);
  return at == std::string::npos ? -1 : std::stol(report.substr(at + label.size()));
}

// The distribution's python3, whose modules are the distribution's, if it has this one.
bool have_python_module(const std::string& module) {
  const std::string python = "/usr/bin/python3";
  if (!have_programs({python})) return false;
  if (run(Command{{python, "-c", "import " + module}}).exit.code == 0) return true;
  return have_programs({"python3 with the module " + module});
}

}  // namespace

TEST_CASE("curl speaks HTTP/1.1 and HTTP/1.0 through TLS") {
  if (!have_programs({"nginx", "openssl", "curl"})) return;
  const Site site(Scheme::https);
  const std::string url = site.front.url();
  const std::string version = GENERATE("--http1.1", "--http1.0");

  CHECK(curl(site, {version, url + "/hello.txt", url + "/hello.txt"}) ==
        "hello from nginx\nhello from nginx\n");
  CHECK(curl(site, {version, url + "/large.txt"}) == site.large);
  CHECK(curl(site, {version, "-r", "6-9", url + "/hello.txt"}) == "from");
  CHECK(curl(site, {version, "--compressed", url + "/compressed/large.txt"}) == site.large);
  CHECK(curl(site, {version, "-d", "abc", url + "/method"}) == "POST 3");
  curl(site, {version, "-T", site.large_file, url + "/upload/file"});
  CHECK(curl(site, {version, url + "/upload/file"}) == site.large);
}

TEST_CASE("curl reuses its TLS connection and sends in chunks and after 100 Continue") {
  if (!have_programs({"nginx", "openssl", "curl"})) return;
  const Site site(Scheme::https);
  const std::string url = site.front.url();
  const std::string hello = url + "/hello.txt";
  CHECK(curl(site, {"-o", "/dev/null", "-o", "/dev/null", "-o", "/dev/null", "-w",
                    "%{num_connects} ", hello, hello, hello}) == "1 0 0 ");

  curl(site, {"-H", "Transfer-Encoding: chunked", "-T", site.large_file, url + "/upload/chunks"});
  CHECK(curl(site, {url + "/upload/chunks"}) == site.large);
  const std::string trace =
      curl(site, {"-v", "--stderr", "-", "-H", "Expect: 100-continue", "--expect100-timeout", "20",
                  "-T", site.large_file, url + "/upload/expecting"});
  CHECK_THAT(trace, ContainsSubstring("100 Continue"));
  CHECK(curl(site, {url + "/upload/expecting"}) == site.large);
}

TEST_CASE("ab finds no failed request through TLS, with and without keep-alive") {
  if (!have_programs({"nginx", "openssl", "ab"})) return;
  const Site site(Scheme::https);
  const bool keep_alive = GENERATE(true, false);
  const long count = keep_alive ? 2000 : 300;
  std::vector<std::string> arguments{"ab", "-n", std::to_string(count), "-c", "8", "-q"};
  if (keep_alive) arguments.emplace_back("-k");
  arguments.push_back(site.front.url() + "/hello.txt");

  const std::string report = output_of(Command{arguments});
  INFO(report);
  CHECK(reported(report, "Complete requests:") == count);
  CHECK(reported(report, "Failed requests:") == 0);
  CHECK(reported(report, "Non-2xx responses:") == -1);
  if (keep_alive) CHECK(reported(report, "Keep-Alive requests:") == count);
}

TEST_CASE("wrk gets whole answers only, through TLS and without") {
  if (!have_programs({"nginx", "openssl", "wrk"})) return;
  const Site site(GENERATE(Scheme::http, Scheme::https));
  const std::string script = site.nginx.folder().write("check.lua", R"(
response = function(status, headers, body)
  if status ~= 200 or body ~= "hello from nginx\n" then print("wrong answer:", status, body) end
end
)");
  const std::string report = output_of(Command{
      {"wrk", "-t", "1", "-c", "8", "-d", "1s", "-s", script, site.front.url() + "/hello.txt"}});
  INFO(report);
  CHECK(reported(report, "Requests/sec:") > 0);
  CHECK_THAT(report, ContainsSubstring(" requests in ") && !ContainsSubstring("wrong answer") &&
                         !ContainsSubstring("Socket errors") && !ContainsSubstring("Non-2xx"));
}

TEST_CASE("Node's http client gets and sends what it means to, through TLS and without") {
  if (!have_programs({"nginx", "openssl", "node"})) return;
  const Site site(GENERATE(Scheme::http, Scheme::https));
  Command command{
      {"node", FICUS_REAL_SCRIPTS "/node_client.js", site.front.url(), site.large_file}};
  command.environment = {{"NODE_EXTRA_CA_CERTS", site.front.certificate().string()}};
  CHECK(output_of(command) == "ok\n");
}

TEST_CASE("Python's requests and httpx get and send what they mean to, through TLS and without") {
  const std::string library = GENERATE("requests", "httpx");
  if (!have_programs({"nginx", "openssl"}) || !have_python_module(library)) return;
  const Site site(GENERATE(Scheme::http, Scheme::https));
  CHECK(output_of(Command{{"/usr/bin/python3", "-B", FICUS_REAL_SCRIPTS "/python_client.py",
                           library, site.front.url(), site.large_file,
                           site.front.certificate().string()}}) == "ok\n");
}
