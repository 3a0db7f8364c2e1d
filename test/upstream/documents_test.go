package main

// contractText is a contract of two operations. publishedText states the same facts with allOf and $ref, other names,
// another order, explicit defaults and prose.
const (
	contractText = `
openapi: 3.0.3
servers:
  - url: https://things.example
security:
  - OAuth2: []
paths:
  /things/{id}:
    put:
      operationId: ChangeThing
      parameters:
        - {name: id, in: path, required: true, schema: {type: string}}
        - {name: size, in: query, schema: {type: integer, format: int32, minimum: 1, maximum: 200}}
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: '#/components/schemas/ChangeRequest'}
      responses:
        '200': {description: The thing., content: {application/json: {schema: {$ref: '#/components/schemas/Thing'}}}}
        4XX: {$ref: '#/components/responses/Error'}
  /things:
    get:
      operationId: Things
      responses:
        '200':
          description: All things.
          content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Thing'}}}}
components:
  securitySchemes:
    OAuth2: {type: oauth2, flows: {clientCredentials: {tokenUrl: /oauth/token, scopes: {read: Reading}}}}
  responses:
    Error: {description: No., content: {application/json: {schema: {type: object, properties: {message: {type: string}}}}}}
  schemas:
    ChangeRequest:
      type: object
      required: [name]
      properties:
        version: {type: integer, format: int64}
        name: {type: string, minLength: 1, maxLength: 100}
    Thing:
      type: object
      required: [id]
      properties:
        id: {type: string, readOnly: true}
        version: {type: integer, format: int64}
        name: {type: string, nullable: true, example: Lamp}
        parts: {type: array, items: {$ref: '#/components/schemas/Thing'}}
`
	publishedText = `
openapi: 3.0.1
info: {description: "Other prose."}
servers: [{url: https://things.example, description: In use.}]
components:
  schemas:
    Size: {type: integer, format: int32, maximum: 200, minimum: 1}
    Versioned: {type: object, properties: {version: {format: int64, type: integer}}}
    Change:
      type: object
      allOf:
        - $ref: '#/components/schemas/Versioned'
        - required: [name]
          properties:
            name: {type: string, maxLength: 100, minLength: 1, description: A name.}
    Answer:
      allOf:
        - $ref: '#/components/schemas/Versioned'
        - type: object
          required: [id]
          properties:
            parts: {type: array, items: {$ref: '#/components/schemas/Answer'}}
            name: {type: string, nullable: true, deprecated: false, example: Chair}
            id: {type: string, readOnly: true}
  parameters:
    ID: {name: thingId, in: path, required: true, style: simple, explode: false, schema: {type: string}}
  requestBodies:
    Change: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/Change'}}}}
  securitySchemes:
    Other: {type: http, scheme: bearer}
    Clients: {type: oauth2, flows: {clientCredentials: {tokenUrl: /oauth/token, scopes: {read: To read}}}}
paths:
  /things:
    get:
      tags: [Thing]
      operationId: Things
      responses:
        200:
          description: Everything.
          content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Answer'}}}}
  /things/{thingId}:
    parameters:
      - {name: size, in: query, required: false, style: form, explode: true, schema: {$ref: '#/components/schemas/Size'}}
      - $ref: '#/components/parameters/ID'
    put:
      summary: Change a thing
      operationId: ChangeThing
      x-internal: true
      requestBody: {$ref: '#/components/requestBodies/Change'}
      responses:
        200: {content: {application/json: {schema: {$ref: '#/components/schemas/Answer'}}}}
        4XX:
          content: {application/json: {schema: {properties: {message: {type: string}}, type: object}}}
security:
  - Clients: []
`
)
