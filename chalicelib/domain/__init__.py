"""Pure rules of the business: no AWS, HTTP, clock or randomness is imported below this line."""
