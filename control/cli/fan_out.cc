#include "control/cli/fan_out.h"

#include <iostream>
#include <sstream>

#include <CLI/Option.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "control/cli/cli.h"

namespace ficus::control {
namespace {

namespace json = boost::json;

constexpr const char* kDefaultAdmin = "http://127.0.0.1:9901";

std::string member(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value && value->is_string() ? std::string(value->as_string()) : std::string();
}

// "detail (mend)" of a problem document.
std::string explain(const AdminAnswer& answer) {
  boost::system::error_code error;
  const json::value value = json::parse(answer.body, error);
  if (error || !value.is_object()) {
    return "the answer has status " + std::to_string(answer.status) +
           " and is not from ficus; check --admin";
  }
  const std::string mend = member(value.as_object(), "mend");
  return member(value.as_object(), "detail") + (mend.empty() ? "" : "; try: " + mend);
}

int exit_code(const AdminAnswer& answer) {
  if (answer.status == 0) return kUnreachable;
  if (answer.status < 300) return kOk;
  if (answer.status == 400) return kUsage;
  return answer.status == 409 || answer.status == 412 ? kConflict : kFailed;
}

}  // namespace

void AdminTargets::add_option(CLI::App& command) {
  command
      .add_option("--admin", list_, "Where the proxies' admin listeners are, separated by commas")
      ->envname("FICUS_ADMIN")
      ->type_name("URL[,URL...]")
      ->default_str(kDefaultAdmin);
}

int AdminTargets::ask(
    const AdminCall& request,
    const std::function<void(const std::string& prefix, const std::string& body)>& show) const {
  std::vector<std::string> targets;
  std::istringstream list(list_.empty() ? kDefaultAdmin : list_);
  for (std::string text; std::getline(list, text, ',');) targets.push_back(text);
  const bool several = targets.size() > 1;
  int worst = kOk;
  for (const std::string& text : targets) {
    const auto url = AdminUrl::parse(text);
    if (!url) {
      std::cerr << "ficus: --admin: '" << text << "' is not a URL like " << kDefaultAdmin << '\n';
      worst = several ? static_cast<int>(kFailed) : kUsage;
      continue;
    }
    const std::string prefix = several ? url->text + ": " : "";
    const AdminAnswer answer = call(*url, request);
    const int code = exit_code(answer);
    if (code == kOk) {
      show(prefix, answer.body);
      continue;
    }
    worst = several ? static_cast<int>(kFailed) : code;
    if (code == kUnreachable) {
      std::cerr << "ficus: " << url->text << " cannot be reached: " << answer.fault
                << "; is `ficus run` up, and is this its admin address (--admin, FICUS_ADMIN)?\n";
    } else {
      std::cerr << "ficus: " << prefix << explain(answer) << '\n';
    }
  }
  return worst;
}

}  // namespace ficus::control
