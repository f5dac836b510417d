"""Ready-made data sets: drawn icons, the COCO sample, Oxford-IIIT Pet."""
