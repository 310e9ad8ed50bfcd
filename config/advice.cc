#include "config/advice.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "config/warning_table.h"

namespace ficus::config {
namespace {

// The allowances by what they are about, and which of them were of use.
class Ledger {
 public:
  explicit Ledger(const std::vector<Allowance>& list) {
    for (const Allowance& one : list) {
      entries_[{one.at.file, one.code, one.scope}].push_back(&one);
    }
  }

  // Every comment that fits is of use: one for the file and one for the route may both be meant.
  bool allows(const Diagnostic& warning) {
    bool found = use({warning.at.file, warning.code, ""});
    for (std::size_t end = 0; end <= warning.key.size(); ++end) {
      const bool is_edge =
          end == warning.key.size() || warning.key[end] == '.' || warning.key[end] == '[';
      if (is_edge && end > 0) {
        found = use({warning.at.file, warning.code, warning.key.substr(0, end)}) || found;
      }
    }
    return found;
  }

  bool used(const Allowance& one) const { return used_.count(place_of(one)) != 0; }

 private:
  using Place = std::tuple<std::string, int, int>;
  using Subject = std::tuple<std::string, std::string, std::string>;  // file, code, scope

  bool use(const Subject& subject) {
    const auto found = entries_.find(subject);
    if (found == entries_.end()) return false;
    for (const Allowance* one : found->second) used_.insert(place_of(*one));
    return true;
  }

  static Place place_of(const Allowance& one) { return {one.at.file, one.at.line, one.at.column}; }

  std::map<Subject, std::vector<const Allowance*>> entries_;
  std::set<Place> used_;  // one comment may stand for several items
};

// What a warning from outside depends on may differ from machine to machine, so silence proves
// nothing there.
void add_unused(const std::vector<Allowance>& list, const Ledger& ledger, Diagnostics& out) {
  for (const Allowance& one : list) {
    const WarningKind* kind = find_warning(one.code);
    if (ledger.used(one) || kind == nullptr || kind->source == WarningSource::outside) continue;
    const bool is_later = kind->source == WarningSource::later;
    const std::string where = one.scope.empty() ? "in this file" : "for " + one.scope;
    out.push_back({Severity::warning, one.at, "# ficus: allow " + one.code,
                   is_later ? "allows what this version never warns of; remove the comment"
                            : "there is no such warning " + where + "; remove the comment"});
  }
}

void sort_by_place(const std::vector<std::string>& files, Diagnostics& all) {
  std::map<std::string, std::size_t> ranks;
  for (const std::string& file : files) ranks.emplace(file, ranks.size());
  const auto rank = [&](const Diagnostic& one) {
    const auto found = ranks.find(one.at.file);
    const std::size_t file = found == ranks.end() ? ranks.size() : found->second;
    return std::tuple(file, one.at.line, one.at.column);
  };
  std::stable_sort(all.begin(), all.end(),
                   [&](const Diagnostic& a, const Diagnostic& b) { return rank(a) < rank(b); });
}

void drop_repeated(Diagnostics& all) {
  std::set<std::string> texts;
  const auto repeats = [&](const Diagnostic& one) { return !texts.insert(one.text()).second; };
  all.erase(std::remove_if(all.begin(), all.end(), repeats), all.end());
}

}  // namespace

Diagnostics unallowed(const Advice& advice, Diagnostics more) {
  Ledger ledger(advice.allowances.list);
  Diagnostics left = advice.allowances.faults;
  const auto keep = [&](const Diagnostic& warning) {
    if (!ledger.allows(warning)) left.push_back(warning);
  };
  std::for_each(advice.warnings.begin(), advice.warnings.end(), keep);
  std::for_each(more.begin(), more.end(), keep);
  add_unused(advice.allowances.list, ledger, left);
  sort_by_place(advice.files, left);
  drop_repeated(left);
  if (left.size() > kMostWarnings) {
    const Location at{left[kMostWarnings].at.file, 0, 0};
    left.resize(kMostWarnings);
    left.push_back({Severity::warning, at, {}, "has more warnings than are shown"});
  }
  return left;
}

}  // namespace ficus::config
