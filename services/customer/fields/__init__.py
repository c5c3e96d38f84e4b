"""Custom fields: what the company keeps of its customers besides what everybody keeps."""
