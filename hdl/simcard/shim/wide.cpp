// Build wide.
#include "Vphotonbox_wide.h"
#include "card.h"

PHOTONBOX_EXPORT(pb_wide, Vphotonbox_wide)
