#pragma once

#include <string>
#include <vector>

#include "config/document.h"

namespace ficus::config {

// SHA-256 in hex over all documents with values put in: the same for the same meaning, whatever
// the comments, the layout and the names of the files.
std::string digest(const std::vector<Document>& documents);

}  // namespace ficus::config
