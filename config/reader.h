#pragma once

#include <vector>

#include "config/cursor.h"
#include "config/model.h"

namespace ficus::config {

// A configuration under construction, with the places in the files that its parts came from, so
// that rules over the whole can say where. The cursors are parallel to the lists of `config`.
struct Draft {
  Config config;
  std::vector<Cursor> listeners;
  std::vector<Cursor> backends;
  std::vector<Cursor> routes;
  Cursor root;  // of the main file
};

// Takes the values out of documents whose shape was checked: the main file first, then those it
// includes. Reports what a text may not hold; skips what has the wrong shape.
Draft read_config(const std::vector<Document>& documents, Findings& findings);

// The parts of it. `defaults` are the file's: what stands there goes under each key.
Route read_route(const Cursor& cursor, const Cursor& defaults);
Backend read_backend(const Cursor& cursor, const Cursor& defaults);

}  // namespace ficus::config
