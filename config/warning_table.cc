#include "config/warning_table.h"

namespace ficus::config {
namespace {

using enum WarningSource;

constexpr WarningKind kWarnings[] = {
    {"W01", "both sides, guard off"},
    {"W02", "`client_ip` without `trusted_proxies`"},
    {"W03", "a private range is trusted without `trusted_proxies`"},
    {"W04", "unsafe methods split without `sticky`, or without `writes`"},
    {"W05", "overlapping paths with different weights and no group"},
    {"W06", "sticky by a session cookie"},
    {"W07", "shadow of unsafe methods", later},
    {"W08", "100 % stage without a bake", later},
    {"W09", "weight above 0 without a health check on new"},
    {"W10", "fallback doubles `first_byte` beyond a client's patience"},
    {"W11", "stage unreachable at the rate seen", later},
    {"W12", "`state_dir` missing, or on tmpfs or overlay", later},
    {"W13", "no `notify`", later},
    {"W14", "certificate ends within 21 days", outside},
    {"W15", "legacy and new resolve to the same address", outside},
    {"W16", "`only` window never open", later},
    {"W17", "route hidden by another in part"},
};

}  // namespace

std::span<const WarningKind> warning_table() { return kWarnings; }

const WarningKind* find_warning(std::string_view code) {
  for (const WarningKind& kind : kWarnings) {
    if (kind.code == code) return &kind;
  }
  return nullptr;
}

std::vector<std::string_view> warning_codes() {
  std::vector<std::string_view> codes;
  for (const WarningKind& kind : kWarnings) codes.push_back(kind.code);
  return codes;
}

}  // namespace ficus::config
