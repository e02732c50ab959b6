"""The company whose estate is shown: Contoso, a retailer, and Fabrikam, the carrier that it bought."""
