"""Why a project is answered as it is: facts (``model``), found out (``explainer``), told (``story``)."""
