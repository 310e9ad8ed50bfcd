#pragma once

#include <string>

namespace ficus::config {

// The Markdown table of all keys, and the list of those that later versions will have.
std::string reference_table();

// JSON Schema (draft 2020-12) of the configuration, for editors.
std::string json_schema();

// `document` with what stands between the generated-part marks replaced by the table.
std::string with_reference_table(const std::string& document);

}  // namespace ficus::config
