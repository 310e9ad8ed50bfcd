#include "proxy/route/pattern.h"

#include <algorithm>
#include <utility>

#include <re2/re2.h>
#include <re2/set.h>
#include <re2/stringpiece.h>

#include "config/pattern.h"

namespace ficus::proxy {
namespace {

constexpr std::size_t kMostCopiesOfAll = 1024;
constexpr std::size_t kMostCopiesOfOne = 16;
// Fewer are asked one by one as fast.
constexpr std::size_t kLeastForCommon = 3;
constexpr int kRangeBytes = 32;
constexpr std::int64_t kCommonMemory = 8 * config::kMaxPatternMemory;

// RE2 has a view of its own, which newer ones do not take from std::string_view.
re2::StringPiece re2_text(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

PatternCopies PatternCopies::of(std::size_t patterns, std::size_t workers) {
  const std::size_t share = kMostCopiesOfAll / std::max<std::size_t>(patterns, 1);
  return {std::clamp<std::size_t>(share, 1, std::clamp<std::size_t>(workers, 1, kMostCopiesOfOne))};
}

struct Pattern::Copies {
  std::vector<std::unique_ptr<re2::RE2>> regexes;  // by worker
};

std::shared_ptr<const Pattern> Pattern::compile(const std::string& text, Fit fit,
                                                PatternCopies copies) {
  const std::shared_ptr<Pattern> pattern(new Pattern());
  pattern->text_ = text;
  pattern->fit_ = fit;
  auto made = std::make_shared<Copies>();
  for (std::size_t i = 0; i < copies.count; ++i) {
    auto regex = config::compile_pattern(text);
    if (regex == nullptr) break;
    made->regexes.push_back(std::move(regex));
  }
  if (fit == Fit::whole && !made->regexes.empty()) {
    pattern->ranged_ =
        made->regexes.front()->PossibleMatchRange(&pattern->least_, &pattern->most_, kRangeBytes);
  }
  pattern->copies_ = std::move(made);
  return pattern;
}

bool Pattern::fits(std::string_view text, std::size_t worker) const {
  if (ranged_ && (text < least_ || text > most_)) return false;
  const auto& regexes = copies_->regexes;
  if (regexes.empty()) return false;
  const auto anchor = fit_ == Fit::whole ? re2::RE2::ANCHOR_BOTH : re2::RE2::UNANCHORED;
  return regexes[worker % regexes.size()]->Match(re2_text(text), 0, text.size(), anchor, nullptr,
                                                 0);
}

struct PatternList::Common {
  std::vector<std::unique_ptr<re2::RE2::Set>> sets;  // by worker
};

PatternList::PatternList(std::vector<std::shared_ptr<const Pattern>> patterns, PatternCopies copies)
    : patterns_(std::move(patterns)) {
  if (patterns_.size() < kLeastForCommon) return;
  re2::RE2::Options options;
  options.set_encoding(re2::RE2::Options::EncodingLatin1);
  options.set_log_errors(false);
  options.set_max_mem(kCommonMemory);
  auto common = std::make_shared<Common>();
  for (std::size_t i = 0; i < copies.count; ++i) {
    auto set = std::make_unique<re2::RE2::Set>(options, re2::RE2::ANCHOR_BOTH);
    for (const auto& pattern : patterns_) {
      if (set->Add(pattern->text(), nullptr) < 0) return;
    }
    if (!set->Compile()) return;  // too large together
    common->sets.push_back(std::move(set));
  }
  common_ = std::move(common);
}

bool PatternList::any_fits(std::string_view text, std::size_t worker) const {
  if (common_ == nullptr) return !patterns_.empty();
  const auto& sets = common_->sets;
  re2::RE2::Set::ErrorInfo error{};
  return sets[worker % sets.size()]->Match(re2_text(text), nullptr, &error) ||
         error.kind != re2::RE2::Set::kNoError;
}

}  // namespace ficus::proxy
