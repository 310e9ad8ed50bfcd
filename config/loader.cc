#include "config/loader.h"

#include <algorithm>
#include <filesystem>

#include "config/advice_rules.h"
#include "config/allowance.h"
#include "config/cursor.h"
#include "config/digest.h"
#include "config/document.h"
#include "config/reader.h"
#include "config/schema.h"
#include "config/shape_check.h"
#include "config/validator.h"

namespace ficus::config {
namespace {

// One load: parses the main file and its includes, then judges and reads them together.
class Load {
 public:
  Load(std::string main, const Environment& environment)
      : environment_(environment), files_{std::move(main)} {}

  LoadOutcome run(const FileText& source) {
    std::optional<Config> config = read(source);
    if (findings_.any_error()) config.reset();
    if (!config) advice_.allowances.list.clear();  // nobody knows yet what they are about
    advice_.files = files_;
    return {std::move(config), std::move(findings_).in_file_order(files_), std::move(advice_)};
  }

 private:
  std::optional<Config> read(const FileText& source) {
    std::optional<Document> main =
        parse_document(source, files_.front(), environment_, budget_, findings_);
    if (!main) return std::nullopt;
    documents_.push_back(std::move(*main));
    note_comments(source);
    include_all();
    const Schema schema;
    for (const Document& document : documents_) {
      const bool is_main = &document == &documents_.front();
      check_shape(Cursor(document, findings_), schema,
                  is_main ? FileRole::main : FileRole::included);
    }
    Draft draft = read_config(documents_, findings_);
    if (is_complete_) validate(draft);
    if (!findings_.any_error()) advice_.warnings = advise(draft);
    draft.config.hash = digest(documents_);
    return std::move(draft.config);
  }

  void include_all() {
    const Document main = documents_.front();  // documents_ grows below
    for (const Cursor& item : Cursor(main, findings_)["include"].items()) {
      if (item.is_scalar()) include(item);
    }
  }

  void include(const Cursor& item) {
    if (item.is_refused()) {  // where it stands is not known
      is_complete_ = false;
      return;
    }
    if (item.text().empty()) return item.error("is empty; give a path such as routes.d/*.yaml");
    const std::filesystem::path folder = std::filesystem::path(files_.front()).parent_path();
    const std::string path = (folder / item.text()).lexically_normal().string();
    if (path.find_first_of("*?[") == std::string::npos) {
      include_file(path, item);
      return;
    }
    const std::vector<std::string> paths = environment_.expand(path);
    if (paths.empty()) {
      findings_.warning(item.at(), item.path(), item.shown() + " fits no file");
    }
    for (const std::string& one : paths) include_file(one, item);
  }

  void include_file(const std::string& path, const Cursor& item) {
    const std::string main = std::filesystem::path(files_.front()).lexically_normal().string();
    if (path == main) return item.error(item.shown() + " includes the file that it stands in");
    if (std::find(files_.begin(), files_.end(), path) != files_.end()) return;
    FileText source = environment_.read_file(path, kMaxFileBytes);
    if (!source.text) {
      item.error(backquoted(item.is_substituted() ? item.shown() : path) + " " + source.problem);
      is_complete_ = false;
      return;
    }
    files_.push_back(path);
    std::optional<Document> document =
        parse_document(source, path, environment_, budget_, findings_);
    if (!document) {
      is_complete_ = false;
      return;
    }
    documents_.push_back(std::move(*document));
    note_comments(source);
  }

  // Of the document that came last.
  void note_comments(const FileText& source) {
    read_allowances(source.text.value_or(""), documents_.back(), advice_.allowances);
  }

  const Environment& environment_;
  std::vector<std::string> files_;  // main first, in the order of reading
  std::vector<Document> documents_;
  Findings findings_;
  Advice advice_;
  Budget budget_;
  bool is_complete_ = true;  // otherwise names may seem to be missing that are not
};

}  // namespace

LoadOutcome load(const std::string& path) { return load(path, process_environment()); }

LoadOutcome load(const std::string& path, const Environment& environment) {
  return Load(path, environment).run(environment.read_file(path, kMaxFileBytes));
}

LoadOutcome load_text(const std::string& text, const std::string& name) {
  return load_text(text, name, process_environment());
}

LoadOutcome load_text(const std::string& text, const std::string& name,
                      const Environment& environment) {
  return Load(name, environment).run({text, {}});
}

}  // namespace ficus::config
