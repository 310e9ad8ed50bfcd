#include "config/reference.h"

#include <fstream>
#include <sstream>

#include "config/key_table.h"
#include "tests/support/catch.h"
#include "tests/unit/config/loading.h"

using namespace ficus::config;

namespace {

std::string read(const std::string& path) {
  std::ifstream file(FICUS_SOURCE_DIR "/" + path);
  REQUIRE(file);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// YAML text that holds one value at a path of the key table.
std::string at_path(std::string_view path, const std::string& value) {
  std::string text;
  std::string indent;
  std::string item;
  while (!path.empty()) {
    const std::size_t dot = path.find('.');
    std::string_view part = path.substr(0, dot);
    path.remove_prefix(dot == std::string_view::npos ? path.size() : dot + 1);
    const bool is_list = part.ends_with("[]");
    if (is_list) part.remove_suffix(2);
    text += indent + item + (part == "*" ? "name" : std::string(part)) + ":";
    if (!item.empty()) indent += "  ";
    if (path.empty()) return text + " " + value + "\n";
    text += "\n";
    item = is_list ? "- " : "";
    indent += "  ";
  }
  return text;
}

bool complains(const std::string& text, const std::string& about) {
  return told(text).find(about) != std::string::npos;
}

}  // namespace

TEST_CASE("the committed reference and schema are what the key table gives") {
  INFO("run ficus_config_docs with the root of the repository");
  const std::string guide = read("docs/configuration.md");
  CHECK(guide == with_reference_table(guide));
  CHECK_THAT(guide, ContainsSubstring("| `routes[].weight` | percent | 0 to 100 | `0` |"));
  CHECK(read("docs/config.schema.json") == json_schema());
}

TEST_CASE("the examples load, and the guide shows them as they are") {
  const std::string guide = read("docs/configuration.md");
  for (const char* name : {"config/examples/smallest.yaml", "config/examples/complete.yaml"}) {
    CAPTURE(name);
    const std::string text = read(name);
    CHECK_THAT(guide, ContainsSubstring("```yaml\n" + text + "```"));
    const LoadOutcome outcome = load_text(text, name, empty_environment());
    CHECK(outcome.config);
  }
}

TEST_CASE("the translations of other proxies' configurations load without a warning") {
  for (const char* name : {"nginx", "haproxy", "traefik"}) {
    CAPTURE(name);
    const std::string page = read(std::string("docs/how-to/move-from-") + name + ".md");
    const std::string kFence = "```yaml\n";
    const std::size_t begin = page.find(kFence + "version: 1");
    REQUIRE(begin != std::string::npos);
    const std::size_t text = begin + kFence.size();
    CHECK(told(page.substr(text, page.find("```", text) - text)).empty());
  }
}

TEST_CASE("the complete example uses every key") {
  const std::string text = read("config/examples/complete.yaml");
  for (const Key& key : key_table()) {
    if (key.type == KeyType::later) continue;
    CAPTURE(key.path);
    const std::string name(key.path.substr(key.path.rfind('.') + 1));
    CHECK_THAT(text, ContainsSubstring(name + ":"));
  }
}

TEST_CASE("keys of later versions are refused as such wherever they stand") {
  for (const Key& key : key_table()) {
    CAPTURE(key.path);
    const std::string text = at_path(key.path, "1");
    CHECK(complains(text, ": is not in this version\n") == (key.type == KeyType::later));
    CHECK_FALSE(complains(text, "unknown key"));
  }
}

TEST_CASE("every default is a value that its key accepts") {
  for (const Key& key : key_table()) {
    if (key.default_value == nullptr) continue;
    CAPTURE(key.path);
    const std::string text = told(at_path(key.path, key.default_value()));
    const std::string last(key.path.substr(key.path.rfind('.') + 1));
    CHECK(text.find(last + ": `") == std::string::npos);
    CHECK(text.find(last + ": is") == std::string::npos);
  }
}

TEST_CASE("every range is kept, and told") {
  for (const Key& key : key_table()) {
    if (!key.range) continue;
    CAPTURE(key.path);
    const bool is_duration = key.type == KeyType::duration || key.type == KeyType::duration_or_off;
    const bool is_size = key.type == KeyType::size || key.type == KeyType::size_or_unlimited;
    const std::string most = is_size ? "99999GiB" : is_duration ? "999999h" : "9999999";
    CHECK(complains(at_path(key.path, most),
                    "`" + most + "` is more than allowed: " + range_text(key)));
    CHECK(complains(at_path(key.path, "x"), "allowed: " + range_text(key)));
    if (key.range->least == 0) continue;
    const std::string least = is_size ? "0B" : is_duration ? "0s" : "0";
    CHECK(complains(at_path(key.path, least), "`" + least + "` is less than allowed"));
  }
}
