// docs/metrics.md against what a running ficus shows.

#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "tests/support/catch.h"
#include "tests/support/ficus_process.h"
#include "tests/support/http_backend.h"
#include "tests/support/raw_client.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/test_certificate.h"

namespace ficus::tests {
namespace {

using Types = std::map<std::string, std::string>;
using Labels = std::map<std::string, std::set<std::string>>;

// Label names of `{route="a",side="b"}` or, in the page, of `{route,side}`.
std::set<std::string> label_names(std::string_view braces) {
  std::set<std::string> names;
  bool in_value = false;
  std::string name;
  for (const char c : braces) {
    if (c == '"') in_value = !in_value;
    if (in_value || c == '"' || c == '{') continue;
    if (c == ',' || c == '}' || c == '=') {
      if (!name.empty()) names.insert(name);
      name.clear();
    } else {
      name += c;
    }
  }
  return names;
}

// Rows such as: | `ficus_retries_total{backend,reason}` | counter | … |
void read_page(Types& types, Labels& labels) {
  std::ifstream file(FICUS_SOURCE_DIR "/docs/metrics.md");
  REQUIRE(file);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("| `ficus_")) continue;
    const std::size_t end = line.find('`', 3);
    const std::string sample = line.substr(3, end - 3);
    const std::string name = sample.substr(0, sample.find('{'));
    const std::size_t type = line.find("| ", end) + 2;
    types[name] = line.substr(type, line.find(" |", type) - type);
    labels[name] = label_names(std::string_view(sample).substr(name.size()));
  }
}

void read_scrape(const std::string& scrape, Types& types, Labels& labels) {
  std::istringstream lines(scrape);
  for (std::string line; std::getline(lines, line);) {
    const std::string kType = "# TYPE ";
    if (line.starts_with(kType)) {
      const std::size_t space = line.find(' ', kType.size());
      types[line.substr(kType.size(), space - kType.size())] = line.substr(space + 1);
    } else if (line.starts_with("ficus_")) {
      const std::size_t end = line.find_first_of("{ ");
      if (line[end] == ' ') continue;
      std::set<std::string> names =
          label_names(std::string_view(line).substr(end, line.rfind('}') + 1 - end));
      if (names.count("le") == 0) labels[line.substr(0, end)] = std::move(names);
    }
  }
}

std::string listed(const Types& types) {
  std::string lines;
  for (const auto& [name, type] : types) lines += name + " " + type + "\n";
  return lines;
}

std::string two_sides(const HttpBackend& legacy, const HttpBackend& fresh) {
  return "backends:\n  old: {endpoints: [\"http://localhost:" + std::to_string(legacy.port()) +
         "\"], outlier_detection: {}}\n  new: {endpoints: [\"" + fresh.url() +
         "\"]}\nroutes:\n  - {name: shop, legacy: old, new: new, weight: 50, " +
         "fallback: {on: [reset]}}\n";
}

}  // namespace

TEST_CASE("docs/metrics.md names every metric, with its type and labels") {
  HttpBackend legacy("legacy");
  HttpBackend fresh("new");
  Types shown;
  Labels shown_labels;
  {
    FicusProcess ficus(two_sides(legacy, fresh));
    CHECK(get(ficus.port(), "/").status() == 200);
    CHECK(eventually([&] {
      read_scrape(ficus.admin_get("/metrics").body, shown, shown_labels);
      return shown_labels.count("ficus_requests_total") == 1;
    }));
  }
  {
    const TestCertificate certificate = TestCertificate::self_signed();
    TemporaryFolder folder;
    const auto path = folder.write("site.crt", certificate.certificate_pem());
    const auto key = folder.write("site.key", certificate.key_pem());
    FicusProcess ficus(
        "listeners:\n  - address: 127.0.0.1:0\n    tls: {certificates: [{certificate: " +
        path.string() + ", private_key: " + key.string() + "}]}\n" + two_sides(legacy, fresh));
    read_scrape(ficus.admin_get("/metrics").body, shown, shown_labels);
  }
  Types told;
  Labels told_labels;
  read_page(told, told_labels);

  CHECK(listed(told) == listed(shown));
  for (const auto& [name, labels] : shown_labels) {
    CAPTURE(name);
    std::string family = name;
    for (const char* part : {"_count", "_sum"}) {  // of a histogram
      if (name.ends_with(part)) family = name.substr(0, name.rfind(part));
    }
    CHECK(told_labels[family] == labels);
  }
}

TEST_CASE("every sample but those with many values is there from the start") {
  HttpBackend legacy("legacy");
  HttpBackend fresh("new");
  fresh.set_mode(BackendMode::failing);
  FicusProcess ficus(
      "listeners: [{address: \"127.0.0.1:0\", proxy_protocol: v1, trusted_proxies: "
      "[127.0.0.1]}]\n" +
      two_sides(legacy, fresh));
  const auto samples = [&] {
    std::set<std::string> names;
    std::istringstream lines(ficus.admin_get("/metrics").body);
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("ficus_")) names.insert(line.substr(0, line.rfind(' ')));
    }
    return names;
  };
  const std::set<std::string> before = samples();
  CHECK(before.count("ficus_proxy_headers_refused_total{listener=\"127.0.0.1:0\",reason="
                     "\"malformed\"}") == 1);
  for (int i = 0; i < 20; ++i) {
    CHECK(RawClient(ficus.port())
              .exchange("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
              .status() != 0);
  }
  RawClient(ficus.port()).send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(ficus.command({"rollback", "shop", "--reason", "no"}).exit.code == 0);
  CHECK(eventually([&] {
    return ficus.admin_get("/metrics").body.find("reason=\"malformed\"} 1") != std::string::npos;
  }));
  for (const std::string& sample : samples()) {
    INFO(sample);
    const bool is_late = sample.starts_with("ficus_legacy_last_request_timestamp_seconds") ||
                         sample.find("code=") != std::string::npos ||
                         sample.find("kind=") != std::string::npos ||
                         sample.find("rule=") != std::string::npos;
    CHECK((is_late || before.count(sample) == 1));
  }
}

}  // namespace ficus::tests
