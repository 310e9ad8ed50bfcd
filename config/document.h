#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/environment.h"
#include "config/findings.h"

namespace ficus::config {

struct Node;
using NodePtr = std::shared_ptr<const Node>;

// Lines and columns count from 1.
struct Mark {
  int line = 0;
  int column = 0;
};

struct Entry {
  std::string key;
  Mark key_at;
  NodePtr value;
};

// A piece of YAML as it stands in the file, with ${…} replaced. An alias shares the node of its
// anchor, so the tree is never larger in memory than the text, but may be when walked.
struct Node {
  enum class Kind { null, scalar, sequence, map };

  Kind kind = Kind::null;
  Mark at;
  std::string text;             // scalar: the value
  std::string written;          // scalar with ${…}: as in the file, to be shown in its place
  bool is_quoted = false;       // scalar in quotes
  bool is_substituted = false;  // holds something from outside the file: text is never shown
  bool is_unknown = false;      // scalar with ${…} that stands for nothing, which has been told
  std::vector<NodePtr> items;   // sequence
  std::vector<Entry> entries;   // map, in file order, each key once
  std::size_t size = 1;         // nodes when all aliases are written out
  std::size_t height = 1;       // levels
};

struct Document {
  std::string file;
  NodePtr root;
};

inline constexpr std::size_t kMaxFileBytes = 4 * 1024 * 1024;
inline constexpr std::size_t kMaxNodes = 200'000;
inline constexpr std::size_t kMaxDepth = 64;
inline constexpr std::size_t kMaxSubstitutedBytes = 16 * 1024 * 1024;

// What all files of one load may use together.
struct Budget {
  std::size_t nodes = kMaxNodes;
  std::size_t substituted_bytes = kMaxSubstitutedBytes;
};

// Reads YAML text: one document whose root is a map. nullopt: no tree could be made; what is
// wrong (also smaller faults such as duplicate keys) is in `findings`.
std::optional<Document> parse_document(const FileText& source, const std::string& file,
                                       const Environment& environment, Budget& budget,
                                       Findings& findings);

}  // namespace ficus::config
