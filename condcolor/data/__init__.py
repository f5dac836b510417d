"""A data set on its way to a batch: tables, records, decoded pictures, augmentation."""
