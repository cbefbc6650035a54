// Build small.
#include "Vphotonbox_small.h"
#include "card.h"

PHOTONBOX_EXPORT(pb_small, Vphotonbox_small)
