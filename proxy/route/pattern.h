#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ficus::proxy {

// How many copies of each regex there are. RE2 is safe for threads, but each search takes a lock in
// the automaton that it builds while it runs; with two threads on one regex a search takes more
// than three times as long. So each worker has copies of its own, as long as that is not too much.
struct PatternCopies {
  static PatternCopies of(std::size_t patterns, std::size_t workers);

  std::size_t count = 1;
};

// A regex (RE2). Allocates only while its automaton grows, up to config::kMaxPatternMemory.
// Immutable for its users; any thread, `worker` being the calling worker's number.
class Pattern {
 public:
  enum class Fit { whole, anywhere };

  // The loader has checked the text; one that is no regex fits nothing.
  static std::shared_ptr<const Pattern> compile(const std::string& text, Fit fit,
                                                PatternCopies copies);

  bool fits(std::string_view text, std::size_t worker) const;

  const std::string& text() const { return text_; }

 private:
  struct Copies;

  Pattern() = default;

  std::string text_;
  Fit fit_ = Fit::whole;
  bool ranged_ = false;  // whatever fits lies between these two, so that most need no search
  std::string least_;
  std::string most_;
  std::shared_ptr<const Copies> copies_;
};

// Regexes of the whole text, in order, behind one automaton that says whether any of them fits:
// what fits none costs one search. Threads and memory as Pattern's.
class PatternList {
 public:
  PatternList() = default;
  PatternList(std::vector<std::shared_ptr<const Pattern>> patterns, PatternCopies copies);

  std::size_t size() const { return patterns_.size(); }
  bool any_fits(std::string_view text, std::size_t worker) const;
  const Pattern& operator[](std::size_t place) const { return *patterns_[place]; }

 private:
  struct Common;

  std::vector<std::shared_ptr<const Pattern>> patterns_;
  std::shared_ptr<const Common> common_;  // null: each is asked
};

}  // namespace ficus::proxy
