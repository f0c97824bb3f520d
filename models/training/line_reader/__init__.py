"""Make the line reader from a published network: PP-OCRv4 of PaddleOCR."""
