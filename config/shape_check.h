#pragma once

#include "config/cursor.h"
#include "config/schema.h"

namespace ficus::config {

// The file that was named, or one that it includes, which holds only backends and routes.
enum class FileRole { main, included };

// Compares a document with the key table: unknown and missing keys, keys of later versions, wrong
// types and units, values out of range. What a text may hold is judged by the reader.
void check_shape(Cursor root, const Schema& schema, FileRole role);

}  // namespace ficus::config
