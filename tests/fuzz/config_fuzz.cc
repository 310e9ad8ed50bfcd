#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "config/loader.h"

// Any bytes as a configuration: either a Config or at least one error, and never a crash. Nothing
// outside the process is touched.
namespace {

using ficus::config::Environment;
using ficus::config::FileText;

Environment scripted_environment() {
  Environment environment;
  environment.variable = [](const std::string& name) -> std::optional<std::string> {
    if (name.starts_with('S')) return "5";
    return std::nullopt;
  };
  environment.read_file = [](const std::string& path, std::size_t) -> FileText {
    if (path.ends_with(".yaml")) return {"routes: [{name: more, legacy: old-shop}]", {}};
    if (path.starts_with("/s")) return {"secret\n", {}};
    return {std::nullopt, "cannot be read"};
  };
  environment.expand = [](const std::string&) {
    return std::vector<std::string>{"a.yaml", "b.yaml"};
  };
  return environment;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const ficus::config::LoadOutcome outcome =
      ficus::config::load_text(text, "fuzz.yaml", scripted_environment());
  bool any_error = false;
  for (const ficus::config::Diagnostic& diagnostic : outcome.diagnostics) {
    any_error = any_error || diagnostic.severity == ficus::config::Severity::error;
    if (diagnostic.text().empty()) std::abort();
  }
  if (outcome.config.has_value() == any_error) std::abort();
  for (const ficus::config::Diagnostic& one : ficus::config::unallowed(outcome.advice)) {
    if (one.text().empty()) std::abort();
  }
  return 0;
}
