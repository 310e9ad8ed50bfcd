#include <fstream>
#include <iostream>
#include <sstream>
#include <string>

#include "config/reference.h"

// Writes docs/config.schema.json and the table in docs/configuration.md below the given root.
namespace {

std::string read(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

bool write(const std::string& path, const std::string& text) {
  std::ofstream file(path);
  file << text;
  return static_cast<bool>(file.flush());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: ficus_config_docs ROOT\n";
    return 2;
  }
  const std::string docs = std::string(argv[1]) + "/docs/";
  const std::string guide = ficus::config::with_reference_table(read(docs + "configuration.md"));
  if (!write(docs + "configuration.md", guide) ||
      !write(docs + "config.schema.json", ficus::config::json_schema())) {
    std::cerr << "ficus_config_docs: cannot write below " << docs << "\n";
    return 1;
  }
  return 0;
}
